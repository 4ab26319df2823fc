import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { PointwiseLayer, POINTWISE_FACTS } from '../../test/pointwise-layer.js';
import { withRandomWeights } from '../../test/random-network.js';
import { cost } from '../cost/cost.js';
import { channelCost } from '../cost/channel-cost.js';
import { disposeModel, graphFromModel, modelFromGraph } from '../graph/model-graph.js';
import { channelGroups } from '../groups/channel-groups.js';
import { compileFused } from '../inference/fused-session.js';
import { inferencePlan } from '../inference/inference-plan.js';
import { latencySites } from '../latency/latency-sites.js';
import { predictLatency } from '../latency/predict-latency.js';
import { siteGraph } from '../latency/site-graph.js';
import { removeChannels } from '../surgery/remove-channels.js';
import { knownLayers, registerLayerFacts } from './layer-table.js';

beforeAll(() => tf.setBackend('cpu'));

/** Two of the foreign layers, 3 -> 6 -> 4 channels on 5x5 positions, and a classifier. */
async function foreignNetwork(): Promise<LayerGraph> {
  const input = tfl.input({ shape: [5, 5, 3] });
  const first = new PointwiseLayer({ name: 'first', units: 6 }).apply(input) as tfl.SymbolicTensor;
  const relu = tfl.layers.reLU({ name: 'relu' }).apply(first) as tfl.SymbolicTensor;
  const second = new PointwiseLayer({ name: 'second', units: 4 }).apply(relu) as tfl.SymbolicTensor;
  const pooled = tfl.layers.globalAveragePooling2d({ name: 'pool' }).apply(second) as tfl.SymbolicTensor;
  const scores = tfl.layers.dense({ name: 'scores', units: 2 }).apply(pooled) as tfl.SymbolicTensor;
  return withRandomWeights(await graphFromModel(tfl.model({ inputs: input, outputs: scores })), 4);
}

const images = Float32Array.from({ length: 2 * 75 }, (_, i) => Math.sin(i));

async function runStock(graph: LayerGraph): Promise<Float32Array> {
  const model = await modelFromGraph(graph);
  const result = tf.tidy(() =>
    (model.predict(tf.tensor(images, [2, 5, 5, 3])) as tf.Tensor).dataSync<'float32'>(),
  );
  disposeModel(model);
  return Float32Array.from(result);
}

/** The network in which the given outputs of `first` are zero. */
function withZeroRows(graph: LayerGraph, rows: readonly number[]): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) =>
        layer.name === 'first'
          ? { ...weight, data: weight.data.map((value, i) => (rows.includes(Math.floor(i / 3)) ? 0 : value)) }
          : weight,
      ),
    })),
  };
}

const expectClose = (found: Float32Array, expected: Float32Array) =>
  expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);

test('a class that nothing is known of is a barrier, and is run by the stock layer', async () => {
  const graph = await foreignNetwork();
  const { groups, barriers } = channelGroups(graph);
  expect(groups).toEqual([]);
  expect(barriers.find(({ layer }) => layer === 'first')!.reason).toBe(
    'first: not understood (TestPointwise)',
  );
  expect(inferencePlan(graph).steps[1]!.operation.kind).toBe('layer');
});

describe('a class of somebody else, once its facts are registered', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    registerLayerFacts(POINTWISE_FACTS);
    graph = await foreignNetwork();
  });

  it('has channel groups along the axes that its facts name', () => {
    const { groups } = channelGroups(graph);
    expect(groups.map(({ name, channels }) => [name, channels])).toEqual([
      ['first', 6],
      ['second', 4],
    ]);
    expect(groups[0]!.members.map(({ layer, axis, role }) => [layer, axis, role])).toEqual([
      ['first', 0, 'produces'],
      ['second', 1, 'consumes'],
    ]);
  });

  it('loses channels as if they were zero, and its config and shapes follow', async () => {
    const pruned = removeChannels(graph, channelGroups(graph).groups[0]!, [0, 3, 4]);
    const first = pruned.layers.find(({ name }) => name === 'first')!;
    expect([first.config['units'], first.weights[0]!.shape]).toEqual([3, [3, 3]]);
    expect(pruned.calls.find(({ layer }) => layer === 'relu')!.outputShape).toEqual([5, 5, 3]);
    expectClose(await runStock(pruned), await runStock(withZeroRows(graph, [1, 2, 5])));
  });

  it('has its multiply-adds counted, before and after', () => {
    const { layers } = cost(graph);
    expect(layers.find(({ name }) => name === 'first')!.macs).toBe(25 * 3 * 6);
    const { groups } = channelGroups(graph);
    expect(channelCost(graph, groups)([2, 4]).macs).toBe(25 * (3 * 2 + 2 * 4) + 4 * 2);
  });

  it('is fused in plans, with the same result as the stock layer', async () => {
    const plan = inferencePlan(graph);
    expect(
      plan.steps.slice(0, 3).map(({ operation, activation }) => [operation.kind, activation?.name]),
    ).toEqual([
      ['input', undefined],
      ['convolution', 'relu'],
      ['convolution', undefined],
    ]);
    const session = await compileFused(graph);
    expectClose(await session.run(images), await runStock(graph));
    session.dispose();
  });

  it('is timed by its channels, alone and in a table', async () => {
    const site = latencySites(graph)[0]!;
    expect([site.name, site.mixes, site.calls.length]).toEqual(['first', true, 2]);
    const { graph: alone, outputs } = siteGraph(graph, site, { inputs: 2, outputs: 5 });
    expect([outputs, alone.layers[1]!.weights[0]!.shape, alone.layers[1]!.config['units']]).toEqual([
      5,
      [5, 2],
      5,
    ]);
    const model = await modelFromGraph(alone);
    expect(model.outputs[0]!.shape).toEqual([null, 5, 5, 5]);
    disposeModel(model);
    const grid = { inputs: [1, 3], outputs: [1, 6], milliseconds: [[1, 2], [3, 4]] }; // prettier-ignore
    const layers = latencySites(graph).map(({ name, className }) =>
      name === 'first'
        ? { layer: name, className, ...grid }
        : { layer: name, className, inputs: [1], outputs: [1], milliseconds: [[0]] },
    );
    const known = { version: 1, model: { name: '', fingerprint: '' }, backend: 'cpu', machine: {} } as const;
    const table = { ...known, versions: {}, details: {}, images: 1, transfer: 0.5, layers, check: [] };
    expect(predictLatency(table as unknown as Parameters<typeof predictLatency>[0], graph)).toBe(4.5);
  });
});

test('facts of a class that has some already are refused, the same ones again are harmless', () => {
  registerLayerFacts(POINTWISE_FACTS);
  expect(knownLayers().filter(({ className }) => className === 'TestPointwise')).toHaveLength(1);
  expect(() => registerLayerFacts({ className: 'Conv2D' })).toThrow('"Conv2D" is already registered');
});
