import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { PruneTask } from '@tersor/core';
import { channelGroups, cost, graphFromModel, initializeKernels } from '@tersor/network';
import { firstChannels } from '../../network/test/first-channels.js';
import { pruneLimits } from './limits.js';

/**
 * Three convolutions, one after a pooling, and a dense layer, of which half of the multiply-adds are to stay;
 * the more of them a candidate has, the better it is. On the cpu backend, which is made the active one.
 * @param second channels of the second convolution
 */
export async function smallPruneTask({
  second,
  minimum,
}: {
  second: number;
  minimum: number;
}): Promise<PruneTask> {
  await tf.setBackend('cpu');
  const conv = (filters: number, more = {}) =>
    tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...more });
  const model = tfl.sequential({
    layers: [
      conv(8, { inputShape: [8, 8, 3] }),
      conv(second),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      conv(16),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 4 }),
    ],
  });
  const graph = initializeKernels(await graphFromModel(model), 1);
  const { macs, parameters } = cost(graph);
  return {
    stage: 'prune',
    graph,
    groups: channelGroups(graph).groups,
    pruners: [firstChannels(graph)],
    reward: { id: 'accuracy', evaluate: ({ accuracy }) => accuracy },
    baseline: { accuracy: 1, macs, parameters, bytes: parameters * 4 },
    limits: pruneLimits({ macs: 0.5 * macs }, graph),
    minimum,
    multiple: 1,
    evaluate: async (candidate) => ({ accuracy: cost(candidate).macs / macs }),
  };
}
