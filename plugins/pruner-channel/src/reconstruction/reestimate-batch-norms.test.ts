import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { disposeModel, graphFromModel, modelFromGraph, stockBackend } from '@tersor/network';
import { createRandom, type LayerGraph } from '@tersor/core';
import { reestimateBatchNorms } from './reestimate-batch-norms.js';

type Symbolic = tfl.SymbolicTensor;
const { layers } = tfl;
const IMAGE = [6, 6, 3];
const COUNT = 60;
const random = createRandom(4, 'images');
const images = Float32Array.from({ length: COUNT * 108 }, () => 0.5 + random.normal());

beforeAll(() => tf.setBackend('cpu'));

async function network(build: (input: Symbolic) => Symbolic): Promise<LayerGraph> {
  const input = tfl.input({ shape: IMAGE });
  const model = tfl.model({ inputs: input, outputs: build(input) });
  const graph = await graphFromModel(model);
  disposeModel(model);
  const draw = createRandom(6, 'weights');
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map(() =>
          ['moving_variance', 'gamma'].includes(weight.name) ? 0.5 + draw.uniform() : 0.4 * draw.normal(),
        ),
      })),
    })),
  };
}

const apply = (layer: tfl.layers.Layer, to: Symbolic | Symbolic[]) => layer.apply(to) as Symbolic;
const conv = (name: string, to: Symbolic, filters = 4, kernelSize = 1) =>
  apply(layers.conv2d({ name, filters, kernelSize, padding: 'same', useBias: false }), to);
const norm = (name: string, to: Symbolic, more = {}) =>
  apply(layers.batchNormalization({ name, ...more }), to);
const relu = (to: Symbolic) => apply(layers.reLU(), to);
const scores = (to: Symbolic) =>
  apply(layers.dense({ name: 'scores', units: 2 }), apply(layers.flatten(), to));

const weightOf = (graph: LayerGraph, layer: string, weight: string) =>
  graph.layers.find(({ name }) => name === layer)!.weights.find(({ name }) => name === weight)!.data;
const statisticsOf = (graph: LayerGraph, layer: string) =>
  ['moving_mean', 'moving_variance'].map((weight) => weightOf(graph, layer, weight));

/**
 * Mean and variance of what a call of a layer reads, over all images at once, as plain JavaScript counts
 * them.
 */
async function inputStatistics(
  graph: LayerGraph,
  name: string,
  axis = -1,
  occurrence = 0,
): Promise<[mean: number[], variance: number[]]> {
  const call = graph.calls.filter(({ layer }) => layer === name)[occurrence]!;
  // The network's own output stays, so that every layer is part of the model.
  const model = await modelFromGraph({ ...graph, outputs: [call.inputs[0]!, ...graph.outputs] });
  const values = tf.tidy(() => {
    const [input] = model.predict(tf.tensor(images, [COUNT, ...IMAGE])) as [tf.Tensor];
    const last = (axis + input.rank) % input.rank;
    const channelsLast = tf.transpose(input, [...input.shape.keys()].filter((i) => i !== last).concat(last));
    return tf.reshape(channelsLast, [-1, channelsLast.shape.at(-1)!]).arraySync() as number[][];
  });
  const mean = values[0]!.map(
    (_, channel) => values.reduce((sum, row) => sum + row[channel]!, 0) / values.length,
  );
  return [
    mean,
    mean.map(
      (value, channel) => values.reduce((sum, row) => sum + (row[channel]! - value) ** 2, 0) / values.length,
    ),
  ];
}

function expectClose(actual: readonly Float32Array[], expected: readonly number[][]): void {
  actual.forEach((values, which) =>
    values.forEach((value, channel) =>
      expect(Math.abs(value - expected[which]![channel]!)).toBeLessThan(
        1e-5 * (1 + Math.abs(expected[which]![channel]!)),
      ),
    ),
  );
}

const chain = () =>
  network((input) => scores(norm('second', conv('b', relu(norm('first', conv('a', input, 5, 3)))))));
const reestimate = (graph: LayerGraph, changed: string[], memory?: number) =>
  reestimateBatchNorms(graph, {
    changed: new Set(changed),
    images,
    backend: stockBackend,
    ...(memory !== undefined && { memory }),
  });

test('a batch norm gets the mean and variance of its input over the images; the values can be counted by hand', async () => {
  // A convolution that only copies the second input channel, twice as large: the input of the batch norm is
  // known.
  const graph = await network((input) => scores(norm('bn', conv('copy', input, 1))));
  const copying = {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'copy'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({ ...weight, data: Float32Array.of(0, 2, 0) })),
          }
        : layer,
    ),
  };
  const values = images.filter((_, i) => i % 3 === 1).map((value) => 2 * value);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expectClose(statisticsOf(await reestimate(copying, ['copy']), 'bn'), [[mean], [variance]]);
});

test.each<[string, (input: Symbolic) => Symbolic, Record<string, number>]>([
  [
    'one after another',
    (input) => scores(norm('second', conv('b', relu(norm('first', conv('a', input, 5, 3)))))),
    { first: -1, second: -1 },
  ],
  [
    'after a sum of itself and a shortcut',
    (input) =>
      ((x) => scores(norm('sum', apply(layers.add(), [x, conv('b', relu(norm('inner', conv('c', x))))]))))(
        conv('a', input),
      ),
    { inner: -1, sum: -1 },
  ],
  [
    'after a concatenation',
    (input) =>
      ((x) => scores(norm('both', apply(layers.concatenate(), [conv('b', x, 2), norm('inner', x)]))))(
        conv('a', input),
      ),
    { inner: -1, both: -1 },
  ],
  [
    'without scale and centre',
    (input) =>
      scores(
        norm('second', conv('b', norm('first', conv('a', input), { scale: false, center: false })), {
          center: false,
        }),
      ),
    { first: -1, second: -1 },
  ],
  [
    'after a dense layer',
    (input) =>
      apply(
        layers.dense({ units: 2 }),
        norm(
          'hidden',
          apply(layers.dense({ units: 5 }), apply(layers.flatten(), norm('first', conv('a', input)))),
        ),
      ),
    { first: -1, hidden: -1 },
  ],
  [
    'over another axis than the last',
    (input) => scores(norm('rows', conv('b', norm('first', conv('a', input))), { axis: 1 })),
    { first: -1, rows: 1 },
  ],
  [
    'of depthwise and separable convolutions, pooled, padded, dropped out',
    (input) =>
      scores(
        norm(
          'second',
          apply(
            layers.separableConv2d({ filters: 3, kernelSize: 3 }),
            apply(
              layers.dropout({ rate: 0.5 }),
              apply(
                layers.maxPooling2d({ poolSize: 2, padding: 'same' }),
                norm(
                  'first',
                  apply(
                    layers.depthwiseConv2d({ name: 'a', kernelSize: 3 }),
                    apply(layers.zeroPadding2d({}), input),
                  ),
                ),
              ),
            ),
          ),
        ),
      ),
    { first: -1, second: -1 },
  ],
])('in the result every batch norm has the statistics of its own input: %s', async (_, build, axes) => {
  const graph = await network(build);
  const result = await reestimate(graph, ['a']);
  for (const [layer, axis] of Object.entries(axes)) {
    expectClose(statisticsOf(result, layer), await inputStatistics(result, layer, axis));
    expect(statisticsOf(result, layer)).not.toEqual(statisticsOf(graph, layer));
  }
  const others = (of: LayerGraph) =>
    of.layers.map(({ weights }) => weights.filter(({ name }) => !name.startsWith('moving_')));
  expect(others(result)).toEqual(others(graph));
});

test('batch norms whose input is what it was keep their statistics', async () => {
  const graph = await chain();
  const result = await reestimate(graph, ['b']);
  expect(statisticsOf(result, 'first')).toEqual(statisticsOf(graph, 'first'));
  expectClose(statisticsOf(result, 'second'), await inputStatistics(result, 'second'));
  expect(await reestimate(graph, [])).toBe(graph);
  expect(await reestimate(graph, ['scores'])).toBe(graph);
});

/** A batch norm that is called twice, one call on what comes from the other. */
const shared = () =>
  network((input) => {
    const bn = layers.batchNormalization({ name: 'twice' });
    return scores(norm('last', conv('c', apply(bn, conv('b', relu(apply(bn, conv('a', input))))))));
  });

test('a batch norm that is called twice gets the statistics of both inputs together', async () => {
  const graph = await shared();
  const result = await reestimate(graph, ['a']);
  const [mean1, variance1] = await inputStatistics(graph, 'twice');
  const afterFirst = {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'twice'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data:
                { moving_mean: Float32Array.from(mean1), moving_variance: Float32Array.from(variance1) }[
                  weight.name
                ] ?? weight.data,
            })),
          }
        : layer,
    ),
  };
  const [mean2, variance2] = await inputStatistics(afterFirst, 'twice', -1, 1);
  const mean = mean1.map((value, i) => (value + mean2[i]!) / 2);
  const variance = variance1.map(
    (value, i) => (value + mean1[i]! ** 2 + variance2[i]! + mean2[i]! ** 2) / 2 - mean[i]! ** 2,
  );
  expectClose(statisticsOf(result, 'twice'), [mean, variance]);
});

test('a change after the first call of a shared batch norm moves what lies between the calls too', async () => {
  const graph = await network((input) => {
    const bn = layers.batchNormalization({ name: 'twice' });
    return scores(apply(bn, conv('b', norm('between', apply(bn, conv('a', input))))));
  });
  const result = await reestimate(graph, ['b']);
  for (const layer of ['twice', 'between'])
    expect(statisticsOf(result, layer)).not.toEqual(statisticsOf(graph, layer));
});

test.each([
  ['a chain', chain],
  ['a shared batch norm', shared],
])('what is kept between batch norms changes nothing but the time: %s', async (_, build) => {
  const graph = await build();
  const whole = await reestimate(graph, ['a']);
  // 60 images of 6 x 6 x 4 to 5 values: some results fit into 40 kB, others do not.
  for (const memory of [0, 40_000]) expect(await reestimate(graph, ['a'], memory)).toEqual(whole);
});

test('the given network is left as it is, and no tensors stay behind', async () => {
  for (const build of [chain, shared]) {
    const graph = await build();
    const copy = structuredClone(graph);
    const before = tf.memory().numTensors;
    for (const memory of [0, undefined]) await reestimate(graph, ['a'], memory);
    expect(tf.memory().numTensors).toBe(before);
    expect(graph).toEqual(copy);
  }
});
