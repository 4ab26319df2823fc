import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { QuantizeTask } from '@tersor/core';
import { cost, graphFromModel, initializeKernels } from '@tersor/network';
import { quantizeLimits } from './limits.js';
import { rounding } from './rounding.js';

/**
 * A convolution `first`, layers between, and a dense layer `last`; the bits of `first`, `second` and `last`
 * are to be chosen, from 2 to 8, and any file is small enough. The smaller the first weight of the second
 * layer of a candidate, the better it is. On the cpu backend, which is made the active one.
 * @param between what is between; one layer of it is called `second`
 */
export async function smallQuantizeTask(
  between: readonly tfl.layers.Layer[] = [tfl.layers.conv2d({ name: 'second', filters: 12, kernelSize: 3 })],
): Promise<QuantizeTask> {
  await tf.setBackend('cpu');
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ name: 'first', filters: 8, kernelSize: 3, inputShape: [6, 6, 3] }),
      ...between,
      layers.flatten(),
      layers.dense({ name: 'last', units: 10 }),
    ],
  });
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  const { macs, parameters } = cost(graph);
  return {
    stage: 'quantize',
    graph,
    layers: ['first', 'second', 'last'],
    quantizer: rounding,
    reward: { id: 'accuracy', evaluate: ({ accuracy }) => accuracy },
    baseline: { accuracy: 1, macs, parameters, bytes: parameters * 4 },
    limits: quantizeLimits({ bytes: 1e9 }, graph),
    bits: [2, 8],
    discrete: false,
    evaluate: async (candidate) => ({
      accuracy: 1 / (1 + Math.abs(candidate.layers[1]!.weights[0]!.data[0]!)),
    }),
  };
}
