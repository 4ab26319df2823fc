import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Frees a model and all of its weights: tfjs 4.22 keeps those of a layer that is called more than once. */
export function disposeModel(model: LayersModel): void {
  const variables = model.weights.map((weight) => weight.read());
  model.dispose();
  tf.dispose(variables.filter(({ isDisposed }) => !isDisposed));
}
