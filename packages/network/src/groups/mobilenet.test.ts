import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { LayerGraph } from '@tersor/core';
import { comparePruned, randomRemovals } from '../../test/equivalence.js';
import { cost } from '../cost/cost.js';
import { readNetwork } from '../files/read-network.js';
import { graphFromModel, modelFromGraph } from '../graph/model-graph.js';
import { channelGroups } from './channel-groups.js';

// The public MobileNet v1 0.25 for tfjs is not part of the repository.
const data = process.env['TERSOR_DATA'] ?? join(__dirname, '../../../../../shared/data');
const path = join(data, 'models/mobilenet_v1_025_224/model.json');
const whereData = existsSync(path) ? test : test.skip;

whereData(
  'MobileNet v1 0.25 of ImageNet: all pointwise layers can be pruned, only the scores are frozen, and pruning is exact',
  async () => {
    await tf.setBackend('cpu');
    const graph = await readNetwork(path);
    const { groups, barriers } = channelGroups(graph);
    expect(groups.map(({ name }) => name)).toEqual([
      'conv1',
      ...Array.from({ length: 13 }, (_, i) => `conv_pw_${i + 1}`),
    ]);
    expect(groups.map(({ channels }) => channels)).toEqual([
      8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256,
    ]);
    expect(barriers.map(({ layer, channels }) => [layer, channels])).toEqual([['conv_preds', 1000]]);
    // 470,072 parameters and 41 million multiply-adds with the classifier (Howard et al. 2017, table 7: 0.5 M
    // and 41 M).
    expect(cost(graph).parameters).toBe(470_072);
    expect(Math.round(cost(graph).macs / 1e6)).toBe(41);
    const small = await withInputSize(graph, 32);
    const { difference, removed } = await comparePruned(small, randomRemovals(small, 3), 3);
    expect(removed).toBeGreaterThan(100);
    expect(difference).toBeLessThan(1e-4);
  },
);

/**
 * The same network for smaller images: convolutions and global pooling take any size, and tests run on the
 * slow cpu backend.
 */
async function withInputSize(graph: LayerGraph, size: number): Promise<LayerGraph> {
  const layers = graph.layers.map((layer) =>
    layer.className === 'InputLayer'
      ? { ...layer, config: { ...layer.config, batch_input_shape: [null, size, size, 3] } }
      : layer,
  );
  const model = await modelFromGraph({ ...graph, layers });
  try {
    return await graphFromModel(model);
  } finally {
    model.dispose();
  }
}
