import * as tf from '@tensorflow/tfjs-core';
import { disposeModel, modelFromGraph } from '../graph/model-graph.js';
import type { Observe } from './walk.js';

export const observeStock: Observe = async (graph, calls) => {
  const inner = [...new Set(calls)].filter((call) => !graph.inputs.includes(call));
  const model = inner.length > 0 ? await modelFromGraph({ ...graph, outputs: inner }) : undefined;
  const shape = graph.calls[graph.inputs[0]!]!.outputShape as number[];
  const size = shape.reduce((product, side) => product * side, 1);
  return {
    run: async (...inputs) => {
      const images = inputs[0]!;
      const results = model
        ? tf.tidy(
            () =>
              [
                model.predictOnBatch(tf.tensor(images, [images.length / size, ...shape])),
              ].flat() as tf.Tensor[],
          )
        : [];
      const read = await Promise.all(results.map((result) => result.data() as Promise<Float32Array>));
      tf.dispose(results);
      return calls.map((call) => (graph.inputs.includes(call) ? images : read[inner.indexOf(call)]!));
    },
    dispose: () => model && disposeModel(model),
  };
};
