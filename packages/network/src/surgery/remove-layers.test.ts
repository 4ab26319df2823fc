import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerGraph } from '@tersor/core';
import { largestDifference, run } from '../../test/masked-run.js';
import * as topologies from '../../test/topologies.js';
import { removeLayers } from './remove-layers.js';

let graph: LayerGraph;
beforeAll(async () => {
  await tf.setBackend('cpu');
  graph = await topologies.resnet20();
});

const block = ['a', 'a_bn', 'a_relu', 'b', 'b_bn', 'add'].map((part) => `stage1_block2_${part}`);

test('a residual block without its branch is what a branch of zeros makes of it', async () => {
  const without = removeLayers(graph, block);
  const zeros = {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'stage1_block2_b_bn'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data:
                weight.name === 'gamma' || weight.name === 'beta' ? weight.data.map(() => 0) : weight.data,
            })),
          }
        : layer,
    ),
  };
  expect(without.layers.map(({ name }) => name).filter((name) => name.startsWith('stage1_block2'))).toEqual(
    [],
  );
  const images = [tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 4)];
  expect(largestDifference(await run(zeros, images), await run(without, images))).toBeLessThan(1e-5);
  expect(largestDifference(await run(graph, images), await run(without, images))).toBeGreaterThan(1e-3);
  tf.dispose(images);
});

test.each([
  ['a layer that is not there', ['nope'], /no layer "nope"/],
  [
    'a block whose shortcut is a projection',
    ['a', 'a_bn', 'a_relu', 'b', 'b_bn', 'add'].map((part) => `stage2_block1_${part}`),
    /"stage2_block1_add" cannot go: it reads "re_lu_\w+" and "stage2_block1_shortcut_bn"/,
  ],
  [
    'a convolution that makes more channels',
    ['stage2_block1_a', 'stage2_block1_a_bn', 'stage2_block1_a_relu'],
    /"stage2_block1_a_relu" cannot go: it makes 4x4x8 of the 8x8x4/,
  ],
  ['the input', [() => graph.layers[0]!.name], /is an input/],
  ['a sum alone', ['stage1_block2_add'], /it reads "stage1_block2_b_bn" and "re_lu/],
])('%s cannot go', (_what, names, message) => {
  const given = names.map((name) => (typeof name === 'string' ? name : name()));
  expect(() => removeLayers(graph, given)).toThrow(
    expect.objectContaining({ code: 'PLAN_MISMATCH', message: expect.stringMatching(message) }),
  );
});
