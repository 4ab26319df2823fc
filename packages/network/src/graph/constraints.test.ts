import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { constraintsOf } from './constraints.js';
import { disposeModel, graphFromModel, modelFromGraph } from './model-graph.js';
import { topologyOf } from './model-topology.js';

const { layers, constraints } = tfl;

beforeAll(() => tf.setBackend('cpu'));

test.each([
  ['MaxNorm', () => constraints.maxNorm({ maxValue: 0.5 })],
  ['UnitNorm', () => constraints.unitNorm({})],
  ['NonNeg', () => constraints.nonNeg()],
  ['MinMaxNorm', () => constraints.minMaxNorm({ minValue: 0.1, maxValue: 0.4 })],
] as const)('weights with the constraint %s are the same whenever a network is built', async (name, make) => {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 5, kernelSize: 3, inputShape: [6, 6, 2], kernelConstraint: make() }),
      layers.flatten(),
      layers.dense({ units: 3, biasConstraint: make() }),
    ],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  // Weights that training or a refit has left where the constraint would not have them.
  const moved = {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map((_, i) => Math.sin(i) - 0.3),
      })),
    })),
  };
  const built = await modelFromGraph(moved);
  const again = await graphFromModel(built);
  disposeModel(built);
  expect(again.layers.map(({ weights }) => weights)).toEqual(moved.layers.map(({ weights }) => weights));
  expect(graph.layers.flatMap(({ config }) => constraintsOf(config))).toEqual([name, name]);
  expect(constraintsOf(topologyOf(graph))).toEqual([]);
});

test('a wrapped layer has its constraints, too', async () => {
  const lstm = layers.lstm({
    units: 2,
    recurrentInitializer: 'glorotUniform',
    kernelConstraint: 'nonNeg' as never,
  });
  const model = tfl.sequential({
    layers: [layers.bidirectional({ layer: lstm as never, mergeMode: 'concat', inputShape: [3, 2] })],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  expect(new Set(graph.layers.flatMap(({ config }) => constraintsOf(config)))).toEqual(new Set(['NonNeg']));
  expect(constraintsOf(topologyOf(graph))).toEqual([]);
});

test('a batch size that a file fixes is left open', async () => {
  const model = tfl.sequential({
    layers: [layers.flatten({ batchInputShape: [1, 2, 2, 1] }), layers.dense({ units: 3 })],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  const built = await modelFromGraph(graph);
  const output = built.predict(tf.zeros([8, 2, 2, 1])) as tf.Tensor;
  expect(output.shape).toEqual([8, 3]);
  output.dispose();
  disposeModel(built);
});
