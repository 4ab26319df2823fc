"""Keras 2, as TensorFlow carries it within itself to this day (`tensorflow.python.keras`), saving to HDF5 included.

It has no version number any more: it is set here to that of the last release before Keras had a package of its own. Batch
norm is not among the layers that are left.
"""

import types

import tensorflow.python.keras as inside

inside.__version__ = "2.5.0"

from tensorflow.python.keras import backend, layers, models  # noqa: E402

keras = types.SimpleNamespace(
    __version__=inside.__version__,
    backend=backend,
    layers=layers,
    Model=models.Model,
    Sequential=models.Sequential,
    Input=layers.Input,
)
