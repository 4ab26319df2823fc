import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Dataset, type LayerGraph } from '@tersor/core';
import { copyWeights, withWeights } from '../graph/graph-weights.js';
import { compileFused } from '../inference/fused-session.js';
import { initializeKernels } from '../graph/initialize-kernels.js';
import { graphFromModel } from '../graph/model-graph.js';
import { fakeQuantize } from './activation-range.js';
import { observeStock } from '../moments/observe-stock.js';
import { calibrateActivations } from './calibrate-activations.js';
import { withRoundedActivations } from './simulated-graph.js';

const { layers } = tfl;
const SIZE = 6 * 6 * 3;
const random = createRandom(5);
const images = Float32Array.from({ length: 20 * SIZE }, () => random.normal());
const range = { least: -4, most: 4 };
const dataset: Dataset = {
  id: 'normal',
  imageShape: [6, 6, 3],
  classNames: ['one', 'two', 'three', 'four'],
  padValue: [0, 0, 0],
  size: () => 20,
  read: async (_split, indexes) => ({
    images: Float32Array.from(
      indexes.flatMap((index) => [...images.subarray(index * SIZE, (index + 1) * SIZE)]),
    ),
    labels: new Int32Array(indexes.length),
  }),
};

async function run(graph: LayerGraph, pixels: Float32Array): Promise<Float32Array> {
  const session = await compileFused(graph);
  try {
    return await session.run(pixels);
  } finally {
    session.dispose();
  }
}

async function graphOf(model: tfl.LayersModel): Promise<LayerGraph> {
  const graph = initializeKernels(await graphFromModel(model), 2);
  model.dispose();
  return graph;
}

const difference = (a: Float32Array, b: Float32Array) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe('withRoundedActivations', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const input = tfl.input({ shape: [6, 6, 3] });
    const shared = layers.conv2d({ name: 'shared', filters: 3, kernelSize: 3, padding: 'same' });
    const first = layers.reLU().apply(layers.batchNormalization().apply(shared.apply(input)));
    const second = shared.apply(first);
    const sum = layers.add().apply([second as tfl.SymbolicTensor, input]);
    const scores = layers
      .dense({ name: 'scores', units: 4 })
      .apply(layers.flatten().apply(layers.depthwiseConv2d({ name: 'deep', kernelSize: 3 }).apply(sum)));
    graph = await graphOf(tfl.model({ inputs: input, outputs: scores as tfl.SymbolicTensor }));
  });

  it('rounds the input of the first layer as if the images had been rounded', async () => {
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ name: 'only', filters: 4, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 3] }),
      ],
    });
    const small = await graphOf(model);
    const simulated = await run(withRoundedActivations(small, { only: { bits: 3, ...range } }), images);
    expect(difference(simulated, await run(small, fakeQuantize(images, range, 3)))).toBeLessThan(1e-5);
    expect(difference(simulated, await run(small, images))).toBeGreaterThan(0.1);
  });

  it('rounds every call of a shared layer, and leaves names, weights and outputs in place', async () => {
    const simulated = withRoundedActivations(graph, { shared: { bits: 8, ...range } });
    const rounding = simulated.calls.filter(({ layer }) => layer === 'shared/rounded-input');
    expect(rounding).toHaveLength(2);
    simulated.calls
      .filter(({ layer }) => layer === 'shared')
      .forEach(({ inputs }) => expect(simulated.calls[inputs[0]!]!.layer).toBe('shared/rounded-input'));
    expect(simulated.calls[simulated.outputs[0]!]!.layer).toBe('scores');
    expect(copyWeights(simulated)).toEqual(copyWeights(graph));
    expect(withWeights(graph, copyWeights(simulated))).toEqual(graph);
    expect(graph.calls.some(({ layer }) => layer.endsWith('rounded-input'))).toBe(false);
  });

  it('is close to the float network at 8 bits, and farther the fewer there are', async () => {
    const float = await run(graph, images);
    const spread = Math.max(...float.map(Math.abs));
    const ranges = await calibrateActivations({
      graph,
      layers: ['shared', 'deep', 'scores'],
      dataset,
      backend: { observe: observeStock },
      seed: 1,
      options: { bits: [2, 8], calibrate: 'max', percentile: 100, images: 20 },
    });
    const errors: number[] = [];
    for (const bits of [8, 6, 4, 2]) {
      const policy = Object.fromEntries(
        Object.entries(ranges).map(([layer, found]) => [layer, { bits, ...found[bits]! }]),
      );
      errors.push(difference(await run(withRoundedActivations(graph, policy), images), float) / spread);
    }
    expect(errors[0]).toBeGreaterThan(0);
    expect(errors[0]).toBeLessThan(0.05);
    expect([...errors].sort((a, b) => a - b)).toEqual(errors);
  });

  it('leaves no tensors behind', async () => {
    const simulated = withRoundedActivations(graph, {
      shared: { bits: 4, ...range },
      scores: { bits: 4, ...range },
    });
    await run(simulated, images);
    const before = tf.memory().numTensors;
    await run(simulated, images);
    expect(tf.memory().numTensors).toBe(before);
  });
});
