import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, modelFromGraph } from './model-graph.js';
import { topologyOf } from './model-topology.js';

const { layers } = tfl;

/** Runs both models on the same random input and compares the outputs. */
async function expectSame(model: tfl.LayersModel): Promise<void> {
  const graph = await graphFromModel(model);
  const copy = await modelFromGraph(graph);
  const input = tf.randomNormal([2, ...(model.inputs[0]!.shape.slice(1) as number[])], 0, 1, 'float32', 3);
  const outputs = [model, copy].map((each) => [each.predict(input)].flat().map((tensor) => (tensor as tf.Tensor).dataSync()));
  expect(outputs[1]).toEqual(outputs[0]);
  expect(await graphFromModel(copy)).toEqual(graph);
}

describe('graphFromModel and modelFromGraph', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('keep a Sequential network with batch norm', async () => {
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], padding: 'same', useBias: false }),
        layers.batchNormalization({ gammaInitializer: 'randomNormal', movingMeanInitializer: 'randomNormal' }),
        layers.activation({ activation: 'relu' }),
        layers.flatten(),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    });
    await expectSame(model);
  });

  it('keep shared layers and merges', async () => {
    const input = tfl.input({ shape: [5, 5, 2] });
    const shared = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' });
    const once = shared.apply(input) as tfl.SymbolicTensor;
    const twice = shared.apply(once) as tfl.SymbolicTensor;
    const sum = layers.add().apply([once, twice]) as tfl.SymbolicTensor;
    const output = layers.concatenate().apply([sum, input]) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: output });
    const graph = await graphFromModel(model);
    expect(graph.calls.filter(({ layer }) => layer === shared.name)).toHaveLength(2);
    expect(graph.layers.filter(({ name }) => name === shared.name)).toHaveLength(1);
    await expectSame(model);
  });

  it('inline nested models, called twice, and keep several outputs', async () => {
    const inner = tfl.sequential({ name: 'inner', layers: [layers.dense({ name: 'hidden', units: 3, inputShape: [3], activation: 'tanh' })] });
    const input = tfl.input({ shape: [3] });
    const first = inner.apply(input) as tfl.SymbolicTensor;
    const second = inner.apply(first) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: [first, second] });
    const graph = await graphFromModel(model);
    expect(graph.layers.map(({ name }) => name)).toContain('inner/hidden');
    expect(graph.outputs).toHaveLength(2);
    await expectSame(model);
  });

  it('keep open sizes open and state them only at the input', async () => {
    const model = tfl.sequential({ layers: [layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [null, null, 1] })] });
    const graph = await graphFromModel(model);
    expect(graph.calls.at(-1)!.outputShape).toEqual([undefined, undefined, 2]);
    const conv = topologyOf(graph).config.layers.find(({ class_name }) => class_name === 'Conv2D')!;
    expect(conv.config).not.toHaveProperty('batch_input_shape');
  });

  it('leave no tensors behind', async () => {
    const model = tfl.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    const before = tf.memory().numTensors;
    const copy = await modelFromGraph(await graphFromModel(model));
    copy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
