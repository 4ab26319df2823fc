import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { storedName, weightSlots } from './graph-weights.js';
import { graphFromModel, modelFromGraph } from './model-graph.js';
import { topologyOf } from './model-topology.js';

const { layers } = tfl;

/** Runs both models on the same random input and compares the outputs. */
async function expectSame(model: tfl.LayersModel): Promise<void> {
  const graph = await graphFromModel(model);
  const copy = await modelFromGraph(graph);
  const input = tf.randomNormal([2, ...(model.inputs[0]!.shape.slice(1) as number[])], 0, 1, 'float32', 3);
  const outputs = [model, copy].map((each) =>
    [each.predict(input)].flat().map((tensor) => (tensor as tf.Tensor).dataSync()),
  );
  expect(outputs[1]).toEqual(outputs[0]);
  // tfjs gives stacked cells a new name whenever it reads them.
  const named = (read: LayerGraph): unknown =>
    JSON.parse(JSON.stringify(read).replace(/RNNCells\d+/g, 'RNNCells'));
  expect(named(await graphFromModel(copy))).toEqual(named(graph));
}

function chainOf(length: number): Pick<LayerGraph, 'layers' | 'calls' | 'outputs'> {
  const input = {
    name: 'in',
    className: 'InputLayer',
    config: { name: 'in', batch_input_shape: [null, 2] },
    weights: [],
  };
  const rest = Array.from({ length }, (_, i) => ({
    name: `a${i}`,
    className: 'Activation',
    config: { name: `a${i}`, activation: 'relu' },
    weights: [],
  }));
  const all = [input, ...rest];
  return {
    layers: all,
    calls: all.map(({ name }, i) => ({ layer: name, inputs: i === 0 ? [] : [i - 1], outputShape: [2] })),
    outputs: [length],
  };
}

describe('graphFromModel and modelFromGraph', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('keep a Sequential network with batch norm', async () => {
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], padding: 'same', useBias: false }),
        layers.batchNormalization({
          gammaInitializer: 'randomNormal',
          movingMeanInitializer: 'randomNormal',
        }),
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
    const inner = tfl.sequential({
      name: 'inner',
      layers: [layers.dense({ name: 'hidden', units: 3, inputShape: [3], activation: 'tanh' })],
    });
    const input = tfl.input({ shape: [3] });
    const first = inner.apply(input) as tfl.SymbolicTensor;
    const second = inner.apply(first) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: [first, second] });
    const graph = await graphFromModel(model);
    expect(graph.layers.map(({ name }) => name)).toContain('inner/hidden');
    expect(graph.outputs).toHaveLength(2);
    await expectSame(model);
  });

  it.each([
    [
      'Sequential',
      () =>
        tfl.sequential({
          name: 'inner',
          layers: [layers.dense({ name: 'hidden', units: 3, inputShape: [3] })],
        }),
    ],
    [
      'functional',
      () => {
        const input = tfl.input({ shape: [3] });
        return tfl.model({
          name: 'inner',
          inputs: input,
          outputs: layers.dense({ name: 'hidden', units: 3 }).apply(input) as tfl.SymbolicTensor,
        });
      },
    ],
  ])('inline a %s model that a Sequential one begins with', async (_, inner) => {
    const model = tfl.sequential({ layers: [inner(), layers.dense({ units: 2 })] });
    expect((await graphFromModel(model)).layers.map(({ name }) => name)).toContain('inner/hidden');
    await expectSame(model);
  });

  it('run a nested model with two outputs once', async () => {
    const at = tfl.input({ shape: [8, 8, 1] });
    const first = layers
      .conv2d({ name: 'c1', filters: 2, kernelSize: 3, padding: 'same' })
      .apply(at) as tfl.SymbolicTensor;
    const second = layers
      .conv2d({ name: 'c2', filters: 2, kernelSize: 3, strides: 2, padding: 'same' })
      .apply(first) as tfl.SymbolicTensor;
    const backbone = tfl.model({ name: 'backbone', inputs: at, outputs: [first, second] });
    const input = tfl.input({ shape: [8, 8, 1] });
    const [a, b] = backbone.apply(input) as tfl.SymbolicTensor[];
    const model = tfl.model({
      inputs: input,
      outputs: [a!, b!, layers.globalAveragePooling2d({}).apply(b!) as tfl.SymbolicTensor],
    });
    const graph = await graphFromModel(model);
    expect(graph.calls.map(({ layer }) => layer).filter((name) => name.startsWith('backbone'))).toEqual([
      'backbone/c1',
      'backbone/c2',
    ]);
    await expectSame(model);
  });

  const sequence = tfl.input({ shape: [5, 4] });
  const zeros = { recurrentInitializer: 'glorotUniform' } as const;
  it.each([
    [
      'Bidirectional',
      () =>
        layers.bidirectional({
          name: 'bi',
          layer: layers.lstm({ name: 'l', units: 3, returnSequences: true, ...zeros }),
          mergeMode: 'concat',
        }),
      [
        'forward_l/kernel',
        'forward_l/recurrent_kernel',
        'forward_l/bias',
        'backward_l/kernel',
        'backward_l/recurrent_kernel',
        'backward_l/bias',
      ],
    ],
    [
      'TimeDistributed',
      () => layers.timeDistributed({ name: 'td', layer: layers.dense({ name: 'd', units: 3 }) }),
      ['kernel', 'bias'],
    ],
    [
      'StackedRNNCells',
      () =>
        layers.rnn({
          name: 'r',
          returnSequences: true,
          cell: layers.stackedRNNCells({
            cells: [layers.simpleRNNCell({ units: 3, ...zeros }), layers.gruCell({ units: 2, ...zeros })],
          }) as never,
        }),
      [
        'RNNCell_0/kernel',
        'RNNCell_0/recurrent_kernel',
        'RNNCell_0/bias',
        'RNNCell_1/kernel',
        'RNNCell_1/recurrent_kernel',
        'RNNCell_1/bias',
      ],
    ],
    [
      'a model within TimeDistributed, batch norm in its middle',
      () =>
        layers.timeDistributed({
          name: 'td',
          layer: tfl.sequential({
            layers: [
              layers.dense({ name: 'x', units: 3, inputShape: [4] }),
              layers.batchNormalization({ name: 'bn', movingMeanInitializer: 'randomNormal' }),
              layers.dense({ name: 'y', units: 2 }),
            ],
          }) as never,
        }),
      [
        'x/kernel',
        'x/bias',
        'bn/gamma',
        'bn/beta',
        'y/kernel',
        'y/bias',
        'bn/moving_mean',
        'bn/moving_variance',
      ],
    ],
  ] as [
    string,
    () => ReturnType<
      typeof layers.dense | typeof layers.rnn | typeof layers.bidirectional | typeof layers.timeDistributed
    >,
    string[],
  ][])(
    'keep the weights of %s apart, and their names in files are those that stock tfjs looks for',
    async (_name, make, names) => {
      const model = tfl.model({
        inputs: sequence,
        outputs: layers.flatten().apply(make().apply(sequence)) as tfl.SymbolicTensor,
      });
      const graph = await graphFromModel(model);
      expect(graph.layers[1]!.weights.map(({ name }) => name)).toEqual(names);
      const stock = new Map(
        model.getWeights().map((tensor, i) => [model.weights[i]!.originalName, tensor.shape]),
      );
      expect(new Set(weightSlots(graph).map(({ layer, weight }) => storedName(layer, weight.name)))).toEqual(
        new Set(stock.keys()),
      );
      await expectSame(model);
    },
  );

  it("tell layers apart whose names, or whose weights' names, would be the same", async () => {
    const inner = tfl.sequential({
      name: 'a',
      layers: [layers.dense({ name: 'b', units: 3, inputShape: [3] })],
    });
    const input = tfl.input({ shape: [3] });
    const same = layers.dense({ name: 'a/b', units: 3 }).apply(inner.apply(input)) as tfl.SymbolicTensor;
    const other = layers.dense({ name: 'b', units: 3 }).apply(same) as tfl.SymbolicTensor;
    const model = tfl.model({
      inputs: input,
      outputs: layers.dense({ name: 'a/b/b', units: 2 }).apply(other) as tfl.SymbolicTensor,
    });
    const graph = await graphFromModel(model);
    expect(graph.layers.slice(1).map(({ name }) => name)).toEqual(['a/b', 'a/b_1', 'b', 'a/b/b']);
    await expectSame(model);
  });

  it('read 2,000 layers in a row, and refuse 5,000 with the limit', async () => {
    const topology = (length: number) => ({
      class_name: 'Sequential',
      config: {
        name: 'long',
        layers: Array.from({ length }, (_, i) => ({
          class_name: 'Activation',
          config: { name: `a${i}`, activation: 'relu', ...(i === 0 && { batch_input_shape: [null, 2] }) },
        })),
      },
    });
    const model = await tfl.models.modelFromJSON({ modelTopology: topology(2000) } as never);
    const graph = await graphFromModel(model);
    expect(graph.calls).toHaveLength(2001);
    (await modelFromGraph(graph)).dispose();
    const longer = { ...graph, ...chainOf(5000) };
    await expect(modelFromGraph(longer)).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('5001 layers follow one another; the limit is 2048'),
    });
  });

  it('keep open sizes open and state them only at the input', async () => {
    const model = tfl.sequential({
      layers: [layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [null, null, 1] })],
    });
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
