"""Networks as Keras itself writes them, each with the outputs that Keras gives for a fixed input.

    KERAS_BACKEND=torch python bench/reference/export-keras.py small plugins/format-keras/test [NAME ...]
    KERAS_BACKEND=torch python bench/reference/export-keras.py real FOLDER [NAME ...]
    python bench/reference/export-keras.py keras2 plugins/format-keras/test

Made with keras 3.15.1 and torch 2.14.1 (Keras 2: that of tensorflow-cpu 2.21.0, see keras2.py). Input i of an image is
`sin(i) * scale + offset`; `outputs.json` holds scale, offset, shape and outputs of each file. Weights of the
small ones are multiples of 1/128, so that the committed archives stay small.
"""

import json
import os
import sys
import zipfile

import numpy as np

IS_KERAS_2 = sys.argv[1] == "keras2"
if IS_KERAS_2:
    from keras2 import keras
else:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

layers = keras.layers


def randomised(model, seed, step):
    """Other values for all weights: statistics that are none of 0 and 1, kernels that keep the variance."""
    rng = np.random.default_rng(seed)
    for layer in flat(model):
        values = []
        for variable, value in zip(layer.weights, layer.get_weights()):
            role = getattr(variable, "path", variable.name).split("/")[-1].split(":")[0]
            if type(layer).__name__ == "LayerScale":
                value = rng.uniform(0.2, 0.6, value.shape)
            elif role in ("moving_variance", "variance", "gamma"):
                value = rng.uniform(0.7, 1.3, value.shape)
            elif role in ("bias", "beta", "moving_mean", "mean"):
                value = rng.normal(0, 0.1, value.shape)
            elif value.ndim > 1:
                fan = np.prod(value.shape[:2]) if role == "depthwise_kernel" else np.prod(value.shape[:-1])
                value = rng.normal(0, 1, value.shape) * np.sqrt(1.5 / fan)
            else:
                values.append(value)
                continue
            values.append(np.round(value / step) * step if step else value)
        layer.set_weights([np.asarray(value, np.float32) for value in values])
    return model


def flat(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from flat(layer)
        elif layer.weights:
            yield layer


def image(shape, scale, offset):
    return (np.sin(np.arange(np.prod(shape), dtype=np.float64)) * scale + offset).astype(np.float32).reshape(1, *shape)


def outputs_of(model, scale=1.0, offset=0.0):
    shape = [int(size or 8) for size in model.inputs[0].shape[1:]]
    given = image(shape, scale, offset)
    # `predict` of the Keras 2 within TensorFlow does not run any more.
    found = model(given, training=False) if IS_KERAS_2 else model.predict(given, verbose=0)
    found = [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])]
    return {
        "shape": shape,
        "scale": scale,
        "offset": offset,
        "layers": [layer.name for layer in model.layers],
        "outputs": [[float(np.float32(value)) for value in np.ravel(each)] for each in found],
    }


def sequential():
    return keras.Sequential(
        [
            keras.Input((8, 8, 2), name="image"),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.SeparableConv2D(5, 3, padding="valid", activation="elu", name="separable"),
            layers.BatchNormalization(name="norm"),
            layers.LeakyReLU(0.1, name="leaky"),
            layers.Dropout(0.5, name="dropout"),
            layers.Flatten(name="flatten"),
            layers.Dense(7, activation="tanh", name="hidden"),
            layers.Dense(3, activation="softmax", name="head"),
        ],
        name="small",
    )


def residual():
    inputs = keras.Input((8, 8, 3), name="image")
    x = layers.ZeroPadding2D(1, name="pad")(inputs)
    x = layers.Conv2D(6, 3, strides=2, use_bias=False, name="stem")(x)
    x = layers.BatchNormalization(scale=False, name="stem_norm")(x)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise")(x)
    y = layers.Conv2D(6, 1, activation="swish", name="project")(y)
    x = layers.Add(name="add")([x, y])
    z = layers.Conv2DTranspose(4, 2, strides=2, name="up")(layers.AveragePooling2D(2, name="down")(x))
    x = layers.Concatenate(name="concat")([x, z])
    x = layers.PReLU(shared_axes=[1, 2], name="prelu")(x)
    a = layers.GlobalAveragePooling2D(name="mean")(x)
    b = layers.Dense(2, activation="sigmoid", name="mask")(layers.GlobalMaxPooling2D(name="max")(x))
    return keras.Model(inputs, [layers.Dense(4, name="head")(a), b], name="residual")


def nested():
    """A model called twice, a Sequential one within it, a shared layer."""
    body_input = keras.Input((6, 6, 4), name="body_input")
    block = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            layers.Conv2D(5, 3, padding="same", activation="gelu", name="conv"),
            layers.BatchNormalization(name="norm"),
        ],
        name="block",
    )
    body = keras.Model(
        body_input, layers.Conv2D(4, 1, name="project")(block(body_input)), name="body"
    )
    inputs = keras.Input((6, 6, 4), name="image")
    shared = layers.Conv2D(4, 3, padding="same", activation="relu6", name="shared")
    x = body(shared(body(shared(inputs))))
    x = layers.Average(name="average")([x, inputs])
    x = layers.Reshape((36, 4), name="rows")(x)
    x = layers.Permute((2, 1), name="permute")(x)
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Flatten(name="flatten")(x)), name="nested")


def frozen():
    """Frozen parts: legacy files list their weights in another order."""
    inner = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(4, 3, name="a"),
            layers.BatchNormalization(name="a_norm"),
            layers.Conv2D(4, 3, name="b"),
            layers.BatchNormalization(name="b_norm"),
        ],
        name="inner",
    )
    inner.layers[0].trainable = False
    inner.layers[3].trainable = False
    inputs = keras.Input((6, 6, 2), name="image")
    return keras.Model(inputs, layers.Flatten(name="flatten")(inner(inputs)), name="frozen")


def preprocessing():
    """Layers that prepare images, augmentation, squeeze and excitation, operators on tensors."""
    inputs = keras.Input((8, 8, 3), name="image")
    x = layers.RandomFlip("horizontal", name="flip")(inputs)
    x = layers.RandomRotation(0.1, name="rotate")(x)
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(x)
    x = layers.Normalization(axis=-1, name="normalize")(x)
    x = layers.Rescaling([0.5, 0.25, 2.0], name="rescale_channels")(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="silu", name="conv")(x)
    x = layers.SpatialDropout2D(0.2, name="spatial")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    gate = layers.Conv2D(4, 1, activation="relu", name="reduce")(gate)
    gate = layers.Conv2D(8, 1, name="expand")(gate)
    gate = layers.ReLU(6.0, name="clip")(gate + 3.0) * (1.0 / 6.0)
    x = layers.Multiply(name="excite")([x, gate])
    x = keras.ops.relu(x) - 0.25
    x = layers.ReLU(negative_slope=0.1, name="leaky")(x)
    x = layers.Conv2D(6, 1, activation="hard_sigmoid", name="hard")(x)
    x = layers.Activation("leaky_relu", name="slope")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="mean")(x), name="preprocessing")


def activations():
    inputs = keras.Input((4, 4, 3), name="image")
    names = "relu relu6 leaky_relu elu selu gelu silu hard_silu sigmoid hard_sigmoid tanh softplus softsign mish softmax"
    found = [layers.Conv2D(3, 1, activation=name, name=name)(inputs) for name in names.split()]
    x = layers.Concatenate(name="concat")(found)
    return keras.Model(inputs, layers.Conv2D(4, 1, activation="hard_swish", name="head")(x), name="activations")


def resized():
    """Other sizes, and an activation that TensorFlow.js does not have within a Sequential model."""
    inputs = keras.Input((9, 8, 2), name="image")
    x = layers.Resizing(6, 5, name="smaller")(inputs)
    block = keras.Sequential(
        [
            keras.Input((6, 5, 2)),
            layers.Conv2D(4, 3, padding="same", activation="hard_swish", name="conv"),
            layers.Conv2D(3, 1, name="project"),
        ],
        name="block",
    )
    x = layers.UpSampling2D(2, interpolation="bilinear", name="larger")(block(x))
    x = layers.UpSampling2D((1, 2), name="wider")(layers.Resizing(4, 9, interpolation="nearest", name="nearest")(x))
    return keras.Model(inputs, layers.Flatten(name="flatten")(x), name="resized")


def grouped():
    inputs = keras.Input((6, 6, 4), name="image")
    x = layers.Conv2D(8, 3, padding="same", groups=2, activation="relu", name="grouped")(inputs)
    x = layers.Conv2D(8, 3, strides=2, groups=4, use_bias=False, name="strided")(x)
    return keras.Model(inputs, layers.Flatten(name="flatten")(x), name="grouped_network")


def channels_first():
    return keras.Sequential(
        [
            keras.Input((2, 6, 6), name="image"),
            layers.Conv2D(3, 3, data_format="channels_first", name="conv"),
            layers.GlobalAveragePooling2D(data_format="channels_first", name="mean"),
        ]
    )


def dense_net():
    inputs = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(inputs)
    for stage in range(2):
        for block in range(3):
            name = f"stage{stage}_block{block}"
            y = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_norm")(x)
            y = layers.Activation("relu", name=f"{name}_relu")(y)
            y = layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"{name}_conv")(y)
            x = layers.Concatenate(name=f"{name}_concat")([x, y])
        x = layers.Conv2D(10, 1, use_bias=False, name=f"stage{stage}_half")(x)
        x = layers.AveragePooling2D(2, name=f"stage{stage}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(layers.BatchNormalization(name="norm")(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax", name="head")(x), name="dense_net")


def mobilenet_v2():
    return keras.applications.MobileNetV2((32, 32, 3), alpha=0.05, weights=None, classes=3, classifier_activation=None)


def mobilenet_v3():
    return keras.applications.MobileNetV3Small((32, 32, 3), alpha=0.1, weights=None, classes=3, classifier_activation=None)


def efficientnet():
    from keras.src.applications.efficientnet import EfficientNet

    return EfficientNet(0.15, 0.3, 32, name="efficientnet", weights=None, input_shape=(32, 32, 3), classes=3, classifier_activation=None)


def shuffled():
    """Halves by ranges and by `keras.ops.split`, joined again, their channels dealt out."""
    inputs = keras.Input((6, 8, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(inputs)
    for i in range(2):
        left, right = keras.ops.split(x, 2, axis=-1) if i else (x[..., :4], x[..., 4:])
        right = layers.Conv2D(4, 3, padding="same", activation="relu", name=f"right{i}")(right)
        x = layers.Concatenate(name=f"both{i}")([left, right])
        x = layers.Reshape((6, 8, 2, 4), name=f"apart{i}")(x)
        x = layers.Permute((1, 2, 4, 3), name=f"turned{i}")(x)
        x = layers.Reshape((6, 8, 8), name=f"back{i}")(x)
    first, _, third = keras.ops.split(layers.Conv2D(8, 1, name="mixed")(x), [2, 5], axis=-1)
    x = keras.ops.concatenate([first, third], axis=-1)
    x = layers.Conv2D(5, 1, name="head")(x[:, 1:5:3, -4:])
    x = keras.ops.transpose(keras.ops.reshape(x, (-1, 8, 5)), (0, 2, 1))
    return keras.Model(inputs, layers.Flatten(name="flatten")(x), name="shuffled")


def convnext():
    from keras.src.applications.convnext import ConvNeXt

    return ConvNeXt([1, 1, 1, 1], [4, 6, 8, 8], 0.1, name="convnext", weights=None, input_shape=(32, 32, 3), classes=3, classifier_activation=None)


def open_sizes():
    """An image of any size, a nested model of any size in it."""
    block = keras.Sequential([keras.Input((None, None, 4)), layers.Conv2D(5, 3, name="conv")], name="block")
    inputs = keras.Input((None, None, 3), name="image")
    x = block(layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(inputs))
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.GlobalAveragePooling2D(name="mean")(x)), name="open_sizes")


def gzipped(path, target):
    """The same HDF5 file, its arrays in pieces, shuffled and deflated, as users store them to save space."""
    import h5py

    def copied(source, place):
        for key, value in source.attrs.items():
            place.attrs[key] = value
        for key, value in source.items():
            if isinstance(value, h5py.Group):
                copied(value, place.create_group(key))
            else:
                packed = {"chunks": tuple(max(1, size // 2) for size in value.shape), "compression": "gzip"}
                place.create_dataset(key, data=value[()], shuffle=True, **packed)

    with h5py.File(path) as source, h5py.File(target, "w") as place:
        copied(source, place)


def compressed(path):
    """The same archive, its parts deflated."""
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


# The networks, the endings of their files, and scale and offset of the input.
SMALL = {
    "sequential": (sequential, [".keras", ".h5", ".weights.h5"], 1.0, 0.0),
    "residual": (residual, [".keras", ".h5"], 1.0, 0.0),
    "nested": (nested, [".keras", ".h5"], 1.0, 0.0),
    "frozen": (frozen, [".keras", ".h5"], 1.0, 0.0),
    "preprocessing": (preprocessing, [".keras", ".h5"], 127.0, 127.0),
    "activations": (activations, [".keras"], 2.0, 0.0),
    "resized": (resized, [".keras"], 1.0, 0.0),
    "grouped": (grouped, [".keras"], 1.0, 0.0),
    "channels-first": (channels_first, [".keras"], 1.0, 0.0),
    "dense-net": (dense_net, [".keras"], 1.0, 0.0),
    "mobilenet-v2": (mobilenet_v2, [".keras"], 1.0, 0.0),
    "mobilenet-v3": (mobilenet_v3, [".keras"], 127.0, 127.0),
    "efficientnet": (efficientnet, [".keras"], 127.0, 127.0),
    "shuffled": (shuffled, [".keras", ".h5"], 1.0, 0.0),
    "open-sizes": (open_sizes, [".keras", ".h5"], 1.0, 0.0),
    "convnext": (convnext, [".keras", ".h5"], 127.0, 127.0),
}

REAL = ["ResNet50", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "DenseNet121", "InceptionV3", "Xception", "ConvNeXtTiny"]
PIXELS = ("MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny")


def small(folder, names):
    results = known(folder, "outputs.json")
    for name in names or SMALL:
        make, endings, scale, offset = SMALL[name]
        keras.backend.clear_session()
        model = randomised(make(), 1, 1 / 128)
        for ending in endings:
            path = os.path.join(folder, name + ending)
            (model.save_weights if ending == ".weights.h5" else model.save)(path)
            if ending == ".keras":
                compressed(path)
        if name == "sequential":
            gzipped(os.path.join(folder, "sequential.h5"), os.path.join(folder, "sequential-gzip.h5"))
        if ".weights.h5" in endings:
            with open(os.path.join(folder, f"{name}.config.json"), "w") as file:
                file.write(model.to_json())
        results[name] = {"endings": endings, **outputs_of(model, scale, offset)}
    write(folder, "outputs.json", results)


def without_norms(make):
    """A network with no layer that Keras 2 within TensorFlow lacks: batch norms are linear activations."""

    def linear(scale=True, name=None):
        return layers.Activation("linear", name=name)

    given = layers.__dict__.setdefault("BatchNormalization", linear)
    assert given is linear
    try:
        return make()
    finally:
        del layers.BatchNormalization


def small_keras2(folder):
    results = {}
    for name, make in (("sequential", sequential), ("residual", residual), ("nested", nested), ("frozen", frozen)):
        keras.backend.clear_session()
        model = randomised(without_norms(make), 2, 1 / 128)
        model.save(os.path.join(folder, f"keras2-{name}.h5"))
        results[f"keras2-{name}"] = {"endings": [".h5"], **outputs_of(model)}
    write(folder, "keras2-outputs.json", results)


def application(name):
    size = 299 if name in ("InceptionV3", "Xception") else 224
    return getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classifier_activation=None)


def real(folder, names):
    from keras_networks import BUILT

    results = known(folder, "outputs.json")
    for name in names or [*REAL, *BUILT]:
        keras.backend.clear_session()
        model = randomised(BUILT[name]() if name in BUILT else application(name), 3, 0)
        model.save(os.path.join(folder, name + ".keras"))
        model.save(os.path.join(folder, name + ".h5"))
        values = (127.0, 127.0) if name in PIXELS else (1.0, 0.0)
        results[name] = {"endings": [".keras", ".h5"], **outputs_of(model, *values)}
        print(name, model.count_params(), flush=True)
        write(folder, "outputs.json", results)


def known(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)["networks"]


def write(folder, name, results):
    with open(os.path.join(folder, name), "w") as file:
        json.dump({"keras": keras.__version__, "networks": results}, file)


kind, folder, *names = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
{
    "small": lambda: small(folder, names),
    "real": lambda: real(folder, names),
    "keras2": lambda: small_keras2(folder),
}[kind]()
