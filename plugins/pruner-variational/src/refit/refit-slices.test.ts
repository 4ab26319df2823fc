import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Dataset, type LayerGraph, type PrunePlan } from '@tersor/core';
import {
  applyAndAdapt,
  channelGroups,
  graphFromModel,
  modelFromGraph,
  stockBackend,
  removeAll,
  removeDeadChannels,
} from '@tersor/network';
import { gatherInputs } from './input-moments.js';
import { refitSlices, type Original } from './refit-slices.js';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tfl;
const IMAGES = 40;
const SIZE = 5;

/** Images whose neighbouring values resemble each other. */
function smoothDataset(): Dataset {
  const random = createRandom(2, 'images');
  const size = SIZE * SIZE * 2;
  const images = Float32Array.from({ length: IMAGES * size }, () => random.normal());
  for (let i = 1; i < images.length; i++) images[i] = 0.7 * images[i - 1]! + 0.5 * images[i]!;
  return {
    id: 'smooth',
    imageShape: [SIZE, SIZE, 2],
    classNames: ['a', 'b'],
    padValue: [0],
    size: () => IMAGES,
    read: async (_, indexes) => ({
      images: Float32Array.from(
        indexes.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)]),
      ),
      labels: Int32Array.from(indexes, (index) => index % 2),
    }),
  };
}

const dataset = smoothDataset();
let original: Original;
let byPosition: Original;

beforeAll(async () => {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        name: 'a',
        filters: 8,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        inputShape: [SIZE, SIZE, 2],
      }),
      layers.conv2d({ name: 'b', filters: 6, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization({ name: 'norm' }),
      layers.reLU({}),
      layers.conv2d({ name: 'c', filters: 4, kernelSize: 1 }),
    ],
  });
  const graph = drawn(await graphFromModel(model));
  model.dispose();
  const { groups } = channelGroups(graph);
  const gather = async (maximumInputs: number) => ({
    graph,
    groups,
    inputs: await gatherInputs(
      graph,
      { dataset, backend: stockBackend },
      { images: IMAGES, points: SIZE * SIZE, maximumInputs, seed: 1 },
    ),
  });
  original = await gather(1000);
  byPosition = await gather(10);
});

/** Weights of all kinds, moving means included. */
function drawn(graph: LayerGraph): LayerGraph {
  const random = createRandom(5, 'weights');
  const value = (name: string) =>
    name === 'moving_variance' || name === 'gamma' ? 0.5 + random.uniform() : 0.4 * random.normal();
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map(() => value(weight.name)),
      })),
    })),
  };
}

/** What the call of a layer gives for all images. */
async function resultOf(graph: LayerGraph, layer: string): Promise<Float32Array> {
  const { images } = await dataset.read(
    'train',
    Array.from({ length: IMAGES }, (_, i) => i),
  );
  const call = graph.calls.findIndex((each) => each.layer === layer);
  const model = await modelFromGraph({ ...graph, outputs: [call, ...graph.outputs] });
  const values = tf.tidy(() =>
    (model.predict(tf.tensor(images, [IMAGES, SIZE, SIZE, 2])) as tf.Tensor[])[0]!.dataSync(),
  );
  model.dispose();
  return values as Float32Array;
}

/** Mean squared difference of the batch norm's results, of those channels that are left. */
async function errorOf(graph: LayerGraph, channels = [0, 1, 2, 3, 4, 5]): Promise<number> {
  const [before, after] = [await resultOf(original.graph, 'norm'), await resultOf(graph, 'norm')];
  let sum = 0;
  after.forEach((value, at) => {
    const place = Math.floor(at / channels.length) * 6 + channels[at % channels.length]!;
    sum += (value - before[place]!) ** 2;
  });
  return sum / after.length;
}

const zeroed = (graph: LayerGraph, plan: PrunePlan): LayerGraph => ({
  ...graph,
  layers: graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      const slices = plan.flatMap(({ zeroSlices = [] }) =>
        zeroSlices.flatMap((each) => (each.layer === layer.name ? each.slices : [])),
      );
      const count = weight.shape.slice(-2).reduce((product, size) => product * size, 1);
      return weight.name === 'kernel'
        ? { ...weight, data: weight.data.map((value, at) => (slices.includes(at % count) ? 0 : value)) }
        : weight;
    }),
  })),
});

const kernelOf = (graph: LayerGraph, name: string) =>
  graph.layers.find((layer) => layer.name === name)!.weights[0]!;
const OPTIONS = { ridge: 1e-6, steps: 60 };
/** Half of the slices of layer b go, some of each channel. */
const SLICES = Array.from({ length: 48 }, (_, slice) => slice).filter(
  (slice) => (Math.floor(slice / 6) + slice) % 2 === 0,
);
const half: PrunePlan = [{ pruner: 'variational', group: 'b', zeroSlices: [{ layer: 'b', slices: SLICES }] }];

test('what a layer loses with its slices is made up for, and no small change of a weight would do better', async () => {
  const cut = zeroed(original.graph, half);
  const refit = await refitSlices(cut, half, original, OPTIONS);
  const least = await errorOf(refit);
  expect(least).toBeLessThan(0.5 * (await errorOf(cut)));
  const { data } = kernelOf(refit, 'b');
  for (const at of [...data.keys()].filter((i) => data[i] !== 0).filter((_, i) => i % 17 === 0)) {
    for (const step of [-0.02, 0.02]) {
      const moved = {
        ...refit,
        layers: refit.layers.map((layer) =>
          layer.name === 'b'
            ? {
                ...layer,
                weights: layer.weights.map((weight) => ({
                  ...weight,
                  data: data.map((value, i) => (i === at ? value + step : value)),
                })),
              }
            : layer,
        ),
      };
      // The mean is taken up by the batch norm: about it, every move is a loss.
      expect(await errorOf(await withMeans(moved))).toBeGreaterThan(least);
    }
  }
});

/** The network whose batch norm has the shift of means that makes its results' means the original's. */
async function withMeans(graph: LayerGraph): Promise<LayerGraph> {
  const [before, after] = [await resultOf(original.graph, 'b'), await resultOf(graph, 'b')];
  const shift = new Float64Array(6);
  after.forEach((value, at) => (shift[at % 6]! += ((value - before[at]!) * 6) / after.length));
  const means = kernelIn(original.graph, 'norm', 'moving_mean');
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) =>
        layer.name === 'norm' && weight.name === 'moving_mean'
          ? { ...weight, data: means.map((mean, i) => mean + shift[i]!) }
          : weight,
      ),
    })),
  };
}

const kernelIn = (graph: LayerGraph, layer: string, name: string) =>
  graph.layers.find((each) => each.name === layer)!.weights.find((each) => each.name === name)!.data;

test('the means of the outputs are those of the original', async () => {
  const refit = await refitSlices(zeroed(original.graph, half), half, original, OPTIONS);
  const corrected = await withMeans(refit);
  kernelIn(corrected, 'norm', 'moving_mean').forEach((mean, i) =>
    expect(kernelIn(refit, 'norm', 'moving_mean')[i]!).toBeCloseTo(mean, 3),
  );
});

test('slices that went stay zero, the rest of the network stays as it was', async () => {
  const cut = zeroed(original.graph, half);
  const refit = await refitSlices(cut, half, original, OPTIONS);
  const { data } = kernelOf(refit, 'b');
  expect([...data.keys()].filter((at) => data[at] === 0).every((at) => SLICES.includes(at % 48))).toBe(true);
  expect([...data].filter((value) => value === 0)).toHaveLength(9 * SLICES.length);
  for (const name of ['a', 'c']) expect(kernelOf(refit, name)).toEqual(kernelOf(original.graph, name));
});

test('with channels gone as well, what is left is refit to the original outputs that are left', async () => {
  const group = (name: string) => original.groups.find((each) => each.name === name)!;
  const plan: PrunePlan = [
    ...half,
    { pruner: 'channel', group: 'a', keep: [0, 2, 3, 4, 6, 7] },
    { pruner: 'channel', group: 'b', keep: [1, 2, 4, 5] },
  ];
  const removals = [
    { group: group('a'), keep: [0, 2, 3, 4, 6, 7] },
    { group: group('b'), keep: [1, 2, 4, 5] },
  ];
  const cut = removeDeadChannels(removeAll(zeroed(original.graph, plan), removals));
  const refit = await refitSlices(cut, plan, original, OPTIONS);
  expect(await errorOf(refit, [1, 2, 4, 5])).toBeLessThan(0.6 * (await errorOf(cut, [1, 2, 4, 5])));
});

test('channels that zeroed slices leave dead are known to be gone', async () => {
  // Nothing reads channels 1 and 5 of "a" any more.
  const slices = [1, 5].flatMap((input) => Array.from({ length: 6 }, (_, output) => input * 6 + output));
  const plan: PrunePlan = [{ pruner: 'variational', group: 'b', zeroSlices: [{ layer: 'b', slices }] }];
  const cut = removeDeadChannels(zeroed(original.graph, plan));
  expect(kernelOf(cut, 'b').shape).toEqual([3, 3, 6, 6]);
  const refit = await refitSlices(cut, plan, original, OPTIONS);
  expect(await errorOf(refit)).toBeLessThan(0.7 * (await errorOf(cut)));
});

test('layers of too many inputs are refit position by position: worse than whole, better than not', async () => {
  const cut = zeroed(original.graph, half);
  const apart = await errorOf(await refitSlices(cut, half, byPosition, OPTIONS));
  expect(apart).toBeGreaterThan(await errorOf(await refitSlices(cut, half, original, OPTIONS)));
  expect(apart).toBeLessThan(await errorOf(cut));
});

test('where no slice went nothing changes; no tensors stay behind', async () => {
  const none: PrunePlan = [{ pruner: 'variational', group: 'b' }];
  expect(await refitSlices(original.graph, none, original, OPTIONS)).toBe(original.graph);
  const before = tf.memory().numTensors;
  await refitSlices(zeroed(original.graph, half), half, original, OPTIONS);
  expect(tf.memory().numTensors).toBe(before);
});

test('slices are refit before later pruners adapt', async () => {
  const order: string[] = [];
  const pruner = (id: string, action: 'slices' | 'channels') => ({
    id,
    action,
    prepare: async () => undefined,
    plan: () => ({ pruner: id, group: 'a' }),
    apply: (graph: LayerGraph) => graph,
    adapt: async (graph: LayerGraph) => (order.push(id), graph),
  });
  await applyAndAdapt(original.graph, [pruner('channel', 'channels'), pruner('variational', 'slices')], []);
  expect(order).toEqual(['variational', 'channel']);
});
