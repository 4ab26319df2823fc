import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { comparePruned, randomRemovals } from '../../test/equivalence.js';
import { OWN_KINDS, ownLayer, ownLayersNetwork, type OwnInstruction } from '../../test/own-layers-network.js';
import { withRandomWeights } from '../../test/random-network.js';
import { graphFromModel } from '../graph/model-graph.js';
import { channelGroups } from '../groups/channel-groups.js';
import { compileFused } from '../inference/fused-session.js';
import { run } from '../../test/masked-run.js';
import { removeChannels } from './remove-channels.js';

beforeAll(() => tf.setBackend('cpu'));

const instruction: fc.Arbitrary<OwnInstruction> = fc.record({
  kind: fc.constantFrom(...OWN_KINDS),
  size: fc.integer({ min: 2, max: 5 }),
  variant: fc.nat(29),
});

test('200 random networks of own layers, pruned by random plans, equal the same ones with those channels masked', async () => {
  let removed = 0;
  let changed = 0;
  let cases = 0;
  const property = fc.asyncProperty(
    fc.array(instruction, { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 0, max: 1e6 }),
    async (instructions, seed) => {
      const graph = await ownLayersNetwork(instructions, seed);
      const result = await comparePruned(graph, randomRemovals(graph, seed), seed);
      expect(result.difference).toBeLessThan(1e-4);
      removed += result.removed;
      // A plan of fused steps gives what the layers give.
      const image = Float32Array.from({ length: 108 }, (_, i) => Math.sin(seed + i));
      const session = await compileFused(result.pruned);
      const found = await session.run(image);
      session.dispose();
      const [expected] = await run(result.pruned, [tf.tensor(image, [1, 6, 6, 3])]);
      expect(Math.max(...found.map((value, i) => Math.abs(value - expected![i]!)))).toBeLessThan(1e-4);
      if (result.removed === 0 || result.effect === undefined) return;
      cases++;
      if (result.effect > 1e-3) changed++;
    },
  );
  await fc.assert(property, { numRuns: 200, seed: 7 });
  expect(cases).toBeGreaterThan(10);
  expect(removed).toBeGreaterThan(500);
  expect(changed).toBeGreaterThan(0.5 * cases);
}, 600_000);

/** A pointwise convolution, the layers, global pooling and a classifier. */
async function between(filters: number, own: readonly tfl.layers.Layer[]) {
  const input = tfl.input({ shape: [4, 4, 3] });
  const first = tfl.layers.conv2d({ name: 'first', filters, kernelSize: 1 }).apply(input);
  const last = own.reduce<tfl.SymbolicTensor>(
    (tensor, layer) => layer.apply(tensor) as tfl.SymbolicTensor,
    first as tfl.SymbolicTensor,
  );
  const scores = tfl.layers
    .dense({ name: 'scores', units: 2 })
    .apply(tfl.layers.globalAveragePooling2d({}).apply(last)) as tfl.SymbolicTensor;
  return withRandomWeights(await graphFromModel(tfl.model({ inputs: input, outputs: scores })), 3);
}

const grouped = (groups: number, filters: number) =>
  ownLayer('TersorGroupedConv2D', { name: 'grouped', groups, filters, kernelSize: 3, padding: 'same' });

test('few wide groups lose the same channels of each, inputs and outputs apart', async () => {
  const graph = await between(8, [grouped(2, 12)]);
  const { groups } = channelGroups(graph);
  expect(groups.map(({ name, channels }) => [name, channels])).toEqual([
    ['first', 4],
    ['grouped', 6],
  ]);
  const pruned = removeChannels(graph, groups[1]!, [0, 5]);
  const layer = pruned.layers.find(({ name }) => name === 'grouped')!;
  expect([layer.config['filters'], layer.config['groups'], layer.weights[0]!.shape]).toEqual([
    4,
    2,
    [3, 3, 4, 4],
  ]);
});

test('many narrow groups go whole, inputs with outputs', async () => {
  const graph = await between(12, [grouped(6, 24)]);
  const { groups } = channelGroups(graph);
  expect(groups.map(({ name, channels }) => [name, channels])).toEqual([['first', 6]]);
  const pruned = removeChannels(graph, groups[0]!, [1, 4]);
  const [first, layer] = ['first', 'grouped'].map(
    (name) => pruned.layers.find((each) => each.name === name)!,
  );
  expect([first!.config['filters'], layer!.config['filters'], layer!.config['groups']]).toEqual([4, 8, 2]);
  expect(layer!.weights[0]!.shape).toEqual([3, 3, 2, 8]);
});

test('a slice of unequal blocks is a barrier, and says so', async () => {
  const graph = await between(8, [ownLayer('TersorSlice', { name: 'part', axis: 3, start: 2, end: 8 })]);
  const { groups, barriers } = channelGroups(graph);
  expect(groups).toEqual([]);
  expect(barriers.find(({ layer }) => layer === 'first')!.reason).toBe(
    'part: not understood (TersorSlice used in this way)',
  );
});

test('channels that slices and shuffles tie all together are a barrier, and it says so', async () => {
  const shuffle = (name: string) => ownLayer('TersorChannelShuffle', { name, groups: 3 });
  const half = ownLayer('TersorSlice', { axis: 3, start: 0, end: 3 });
  const graph = await between(6, [shuffle('one'), half]);
  const { groups, barriers } = channelGroups(graph);
  expect(groups).toEqual([]);
  expect(barriers.find(({ layer }) => layer === 'first')!.reason).toBe(
    'first: its channels could only go all at once',
  );
});

test('layer normalization over the channels freezes them', async () => {
  const graph = await between(4, [tfl.layers.layerNormalization({ name: 'norm' })]);
  expect(channelGroups(graph).barriers.find(({ layer }) => layer === 'first')!.reason).toBe(
    'norm: its mean and deviation are over all channels',
  );
});
