import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { TersorError, type LayerGraph } from '@tersor/core';
import { channelGroups, graphFromModel } from '@tersor/network';
import { outputOf, smoothImages, withDrawnWeights } from '../../../../packages/network/test/smooth-images.js';
import { ChannelPruner } from '../channel-pruner.js';
import plugin from '../index.js';
import { tfjsBackend } from '../../../../packages/network/test/tfjs-backend.js';
import { gatherMoments } from '../reconstruction/gather-moments.js';
import { removalOrders } from './removal-orders.js';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tfl;
const dataset = smoothImages([5, 5, 2], 40);
/** All positions of all images are looked at, so that errors can be measured on the same. */
const OPTIONS = { images: 40, points: 25, maximumInputs: 200, ridge: 1e-7 };
const backend = tfjsBackend();

type Symbolic = tfl.SymbolicTensor;
const conv = (filters: number, more = {}) =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...more });
const relu = (input: Symbolic) => layers.reLU({}).apply(input) as Symbolic;
const on = (layer: tfl.layers.Layer, ...inputs: Symbolic[]) =>
  layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Symbolic;

/** Networks that read one group of six channels in several places; every reader is an output. */
const coupled: Record<string, (x: Symbolic) => Symbolic[]> = {
  'a convolution, and a dense layer after a pooling': (x) => {
    const a = relu(on(conv(6, { name: 'a' }), x));
    return [on(conv(3), a), on(layers.dense({ units: 2 }), on(layers.globalAveragePooling2d({}), a))];
  },
  'two branches that are added to each other': (x) => {
    const sum = on(layers.add(), on(conv(6, { name: 'a' }), x), on(conv(6), x));
    return [on(conv(3, { strides: 2 }), sum), on(conv(2, { kernelSize: 1 }), relu(sum))];
  },
  'a concatenation after other channels': (x) => {
    const a = relu(on(conv(6, { name: 'a' }), x));
    return [on(conv(3), on(layers.concatenate(), x, a)), on(conv(2, { kernelSize: 1 }), a)];
  },
  'a concatenation with itself': (x) => {
    const a = on(conv(6, { name: 'a' }), x);
    return [on(conv(3), on(layers.concatenate(), a, relu(a)))];
  },
  'a pointwise convolution after a depthwise one': (x) => {
    const a = relu(on(conv(6, { name: 'a' }), x));
    return [on(conv(4, { kernelSize: 1 }), on(layers.depthwiseConv2d({ kernelSize: 3 }), a))];
  },
  'a separable convolution': (x) => {
    const a = relu(on(conv(6, { name: 'a' }), x));
    return [on(layers.separableConv2d({ filters: 4, kernelSize: 3 }), a)];
  },
  'a dense layer after a flatten: a channel owns a row for each position': (x) => {
    const a = relu(on(conv(6, { name: 'a', strides: 2 }), x));
    return [on(layers.dense({ units: 5 }), on(layers.flatten(), a)), on(conv(3), a)];
  },
};

async function networkOf(build: (x: Symbolic) => Symbolic[]): Promise<LayerGraph> {
  const inputs = tfl.input({ shape: [5, 5, 2] });
  const model = tfl.model({ inputs, outputs: build(inputs) });
  const graph = withDrawnWeights(await graphFromModel(model));
  model.dispose();
  return graph;
}

const readersOf = (graph: LayerGraph) =>
  new Set(
    channelGroups(graph).groups.flatMap(({ members }) =>
      members.filter(({ role }) => role === 'consumes').map(({ layer }) => layer),
    ),
  );

const outputFirst = (graph: LayerGraph, index: number): LayerGraph => ({
  ...graph,
  outputs: [graph.outputs[index]!, ...graph.outputs.filter((_, i) => i !== index)],
});

/** Squared change of each output, relative to its variance, summed over the outputs. */
async function measuredError(before: LayerGraph, after: LayerGraph): Promise<number> {
  let sum = 0;
  for (const [i, output] of before.outputs.entries()) {
    const channels = before.calls[output]!.outputShape.at(-1)!;
    const [old, made] = [
      await outputOf(outputFirst(before, i), dataset),
      await outputOf(outputFirst(after, i), dataset),
    ];
    const means = Array.from({ length: channels }, (_, channel) => {
      const values = old.filter((_value, at) => at % channels === channel);
      return values.reduce((total, value) => total + value, 0) / values.length;
    });
    let [change, variance] = [0, 0];
    old.forEach((value, at) => {
      change += (value - made[at]!) ** 2;
      variance += (value - means[at % channels]!) ** 2;
    });
    sum += change / variance;
  }
  return sum;
}

test.each(Object.keys(coupled))(
  'the error at every count is the one that the smaller network has, read by %s',
  async (name) => {
    const graph = await networkOf(coupled[name]!);
    const { groups } = channelGroups(graph);
    const group = groups.find((each) => each.name === 'a')!;
    const gathered = await gatherMoments(graph, dataset, readersOf(graph), { ...OPTIONS, backend, seed: 1 });
    const { errors } = (await removalOrders(graph, [group], gathered)).get('a')!;
    const pruner = new ChannelPruner(plugin.options.parse({ ...OPTIONS, criterion: 'reconstruction' }));
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    for (const keep of [5, 3, 1]) {
      const error = errors[6 - keep]!;
      expect(error).toBeGreaterThan(1e-4);
      const measured = await measuredError(
        graph,
        pruner.apply(graph, [pruner.plan(group, { channels: keep })]),
      );
      expect(Math.abs(measured / error - 1)).toBeLessThan(0.01);
    }
  },
);

test('what cannot be refit ranks by its weights: a transposed convolution, and a layer of too many inputs', async () => {
  const graph = await networkOf((x) => {
    const a = relu(on(conv(6, { name: 'a' }), x));
    return [on(layers.conv2dTranspose({ filters: 2, kernelSize: 3 }), a)];
  });
  const { groups } = channelGroups(graph);
  const { order, errors } = (await removalOrders(graph, groups, new Map())).get('a')!;
  const { data } = graph.layers.find(({ className }) => className === 'Conv2DTranspose')!.weights[0]!;
  const norms = Array.from({ length: 6 }, (_, channel) =>
    data.reduce((sum, value, at) => sum + (at % 6 === channel ? value * value : 0), 0),
  );
  expect(order).toEqual([0, 1, 2, 3, 4, 5].sort((a, b) => norms[a]! - norms[b]!));
  expect(errors[6]).toBeCloseTo(1, 6);
});

describe('a preparation that is interrupted', () => {
  it('goes on from what it saved, and works nothing out twice', async () => {
    const graph = await networkOf(coupled['a concatenation after other channels']!);
    const { groups } = channelGroups(graph);
    const gathered = await gatherMoments(graph, dataset, readersOf(graph), { ...OPTIONS, backend, seed: 2 });
    let state: unknown;
    const save = async (saved: unknown) => void (state = structuredClone(saved));
    const first = await removalOrders(graph, groups, gathered, { save });
    expect(Object.values(state as object)).toEqual([first.get('a')]);
    // Another order under the same content, so that it shows where it is taken from in a new process.
    const [key] = Object.keys(state as object);
    const marked = { [key!]: { order: [5, 4, 3, 2, 1, 0], errors: new Float64Array(7) } };
    jest.resetModules();
    const fresh = await import('./removal-orders.js');
    const again = await fresh.removalOrders(graph, groups, gathered, { saved: marked, save });
    expect(again.get('a')).toEqual(marked[key!]);
    const other = await gatherMoments(graph, dataset, readersOf(graph), {
      ...OPTIONS,
      backend,
      seed: 2,
      images: 20,
    });
    const fromOthers = await fresh.removalOrders(graph, groups, other, { saved: marked, save });
    expect(fromOthers.get('a')!.errors[6]).toBeGreaterThan(1);
  });

  it('stops where the run says so', async () => {
    const graph = await networkOf(coupled['a separable convolution']!);
    const { groups } = channelGroups(graph);
    const gathered = await gatherMoments(graph, dataset, readersOf(graph), { ...OPTIONS, backend, seed: 3 });
    const save = () => Promise.reject(new TersorError('INTERRUPTED', 'stopped'));
    await expect(removalOrders(graph, groups, gathered, { save })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

test('the criterion needs the refit, and says so', () => {
  const parsed = plugin.options.safeParse({ criterion: 'reconstruction', reconstruct: 'none' });
  expect(parsed.error?.issues[0]).toMatchObject({
    path: ['criterion'],
    message: expect.stringContaining('"reconstruct" must be "least-squares"'),
  });
});
