import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { readNetwork } from './read-network.js';
import { graphFromModel, modelFromGraph } from '../graph/model-graph.js';

type Json = Record<string, unknown>;
const { layers } = tfl;

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-keras3-'));
});
afterAll(() => rm(folder, { recursive: true }));

const dtype = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
};
const object = (module: string, class_name: string, config: Json = {}) => ({
  module,
  class_name,
  config,
  registered_name: null,
});
/** A layer as Keras 3 writes it. `from` names the layers whose outputs it takes, by call. */
const layer = (
  class_name: string,
  name: string,
  config: Json,
  from?: (string | [string, number])[],
  list = false,
) => {
  const tensors = (from ?? []).map((each) => {
    const [source, node] = typeof each === 'string' ? [each, 0] : each;
    return {
      class_name: '__keras_tensor__',
      config: { shape: [null, 8], dtype: 'float32', keras_history: [source, node, 0] },
    };
  });
  const call = { args: list ? [tensors] : tensors, kwargs: { training: false, mask: null } };
  return {
    ...object('keras.layers', class_name, { name, trainable: true, dtype, ...config }),
    build_config: { input_shape: [null, 8, 8, 1] },
    ...(from && { name, inbound_nodes: from.length > 0 ? [call] : [] }),
  };
};
const weighted = (config: Json) => ({
  use_bias: true,
  kernel_initializer: object('keras.initializers', 'GlorotUniform', { seed: null }),
  bias_initializer: object('keras.initializers', 'Zeros'),
  kernel_regularizer: object('keras.regularizers', 'L2', { l2: 0.001 }),
  bias_regularizer: null,
  kernel_constraint: null,
  ...config,
});
const conv = (config: Json = {}) =>
  weighted({
    filters: 4,
    kernel_size: [3, 3],
    strides: [1, 1],
    padding: 'same',
    data_format: 'channels_last',
    dilation_rate: [1, 1],
    groups: 1,
    activation: 'relu',
    ...config,
  });
const inputLayer = (list = true) =>
  layer(
    'InputLayer',
    'input',
    { batch_shape: [null, 8, 8, 1], dtype: 'float32', sparse: false, ragged: false },
    list ? [] : undefined,
  );

async function save(
  name: string,
  model_config: Json,
  specs: readonly (readonly [string, number[]])[],
): Promise<{ path: string; values: Float32Array[] }> {
  const values = specs.map(([, shape], k) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 10 * k) / 3),
  );
  await writeFile(
    join(folder, `${name}.bin`),
    Buffer.concat(values.map(({ buffer }) => Buffer.from(buffer))),
  );
  const path = join(folder, `${name}.json`);
  const weights = specs.map(([weight, shape]) => ({ name: weight, shape, dtype: 'float32' }));
  await writeFile(
    path,
    JSON.stringify({
      format: 'layers-model',
      generatedBy: 'keras v3.5.0',
      modelTopology: { keras_version: '3.5.0', backend: 'tensorflow', model_config },
      weightsManifest: [{ paths: [`${name}.bin`], weights }],
    }),
  );
  return { path, values };
}

/** Compares what was read with a network that was built by hand, its weights set in the same order. */
async function expectSame(
  path: string,
  values: readonly Float32Array[],
  built: tfl.LayersModel,
): Promise<void> {
  const read = await modelFromGraph(await readNetwork(path));
  built.setWeights(built.getWeights().map(({ shape }, i) => tf.tensor(values[i]!, shape)));
  const images = tf.randomNormal([2, 8, 8, 1], 0, 1, 'float32', 7);
  const [found, right] = [read, built].map((model) =>
    Array.from((model.predict(images) as tf.Tensor).dataSync()),
  );
  expect(found).toEqual(right);
}

const specs: readonly (readonly [string, number[]])[] = [
  ['conv/kernel', [3, 3, 1, 4]],
  ['conv/bias', [4]],
  ['head/kernel', [4, 4]],
  ['head/bias', [4]],
];
const sequential = (first: Json[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'net',
    trainable: true,
    dtype,
    layers: [
      ...first,
      layer('GlobalAveragePooling2D', 'pool', { data_format: 'channels_last', keepdims: false }),
      layer(
        'Dense',
        'head',
        weighted({
          units: 4,
          activation: {
            module: 'builtins',
            class_name: 'function',
            config: 'softmax',
            registered_name: 'function',
          },
        }),
      ),
    ],
  },
});
const byHand = () =>
  tfl.sequential({
    layers: [
      layers.conv2d({
        filters: 4,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        inputShape: [8, 8, 1],
      }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 4, activation: 'softmax' }),
    ],
  });

it('reads a Sequential network of Keras 3, and its layers are those of Keras 2', async () => {
  const { path, values } = await save(
    'sequential',
    sequential([inputLayer(false), layer('Conv2D', 'conv', conv())]),
    specs,
  );
  await expectSame(path, values, byHand());
  const read = await readNetwork(path);
  const meant = await graphFromModel(byHand());
  expect(
    read.layers.map(({ className, weights }) => [className, weights.map(({ name, shape }) => [name, shape])]),
  ).toEqual(
    meant.layers.map(({ className, weights }) => [
      className,
      weights.map(({ name, shape }) => [name, shape]),
    ]),
  );
});

it.each<[string, (name: string) => string]>([
  ['numbered, as from .keras files', (name) => name.replace('kernel', '0').replace('bias', '1')],
  ['below the name of the model', (name) => `net/${name}`],
])('finds weights that are %s', async (_name, rename) => {
  const { path, values } = await save(
    'renamed',
    sequential([inputLayer(false), layer('Conv2D', 'conv', conv())]),
    specs.map(([name, shape]) => [rename(name), shape]),
  );
  await expectSame(path, values, byHand());
});

it('reads a Sequential network without an input layer', async () => {
  const config = sequential([layer('Conv2D', 'conv', conv())]);
  const { path, values } = await save(
    'lazy',
    { ...config, config: { ...config.config, build_input_shape: [null, 8, 8, 1] } },
    specs,
  );
  await expectSame(path, values, byHand());
});

it('reads a functional network: merges, a layer that is called twice, a nested Sequential network, and the slope of LeakyReLU', async () => {
  const nested = {
    ...layer(
      'Sequential',
      'block',
      {
        layers: [
          layer('InputLayer', 'inner', { batch_shape: [null, 8, 8, 4] }),
          layer('Conv2D', 'b', conv({ activation: 'silu' })),
        ],
      },
      ['conv'],
    ),
  };
  const shared = layer('Conv2D', 'shared', conv({ activation: 'linear' }), ['conv']);
  shared.inbound_nodes!.push(...(layer('Conv2D', 'shared', {}, ['block']).inbound_nodes as never[]));
  const config = {
    name: 'net',
    layers: [
      inputLayer(),
      layer('Conv2D', 'conv', conv(), ['input']),
      nested,
      shared,
      layer('Add', 'add', {}, [['shared', 0], ['shared', 1], 'block'], true),
      layer('LeakyReLU', 'leaky', { negative_slope: 0.1 }, ['add']),
      layer('GlobalAveragePooling2D', 'pool', { keepdims: false }, ['leaky']),
    ],
    input_layers: [['input', 0, 0]],
    output_layers: ['pool', 0, 0],
  };
  const kernel = [3, 3, 4, 4];
  const { path, values } = await save('functional', { class_name: 'Functional', config }, [
    ['conv/kernel', [3, 3, 1, 4]],
    ['conv/bias', [4]],
    ['b/kernel', kernel],
    ['b/bias', [4]],
    ['shared/kernel', kernel],
    ['shared/bias', [4]],
  ]);
  const input = tfl.input({ shape: [8, 8, 1] });
  const same = (activation: 'relu' | 'linear' | 'swish') =>
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation });
  const first = same('relu').apply(input) as tfl.SymbolicTensor;
  const block = same('swish').apply(first) as tfl.SymbolicTensor;
  const twice = same('linear');
  const sum = layers.add().apply([twice.apply(first), twice.apply(block), block] as tfl.SymbolicTensor[]);
  const output = layers
    .globalAveragePooling2d({})
    .apply(layers.leakyReLU({ alpha: 0.1 }).apply(sum)) as tfl.SymbolicTensor;
  await expectSame(path, values, tfl.model({ inputs: input, outputs: output }));
});

it('finds the kernel of a depthwise convolution, which Keras 3 calls kernel', async () => {
  const depthwise = {
    kernel_size: [3, 3],
    strides: [1, 1],
    padding: 'same',
    depth_multiplier: 1,
    data_format: 'channels_last',
    dilation_rate: [1, 1],
    activation: 'linear',
    use_bias: false,
    depthwise_initializer: object('keras.initializers', 'OrthogonalInitializer', { gain: 1, seed: null }),
  };
  const { path, values } = await save(
    'depthwise',
    {
      class_name: 'Sequential',
      config: {
        name: 'net',
        layers: [
          inputLayer(false),
          layer('DepthwiseConv2D', 'dw', depthwise),
          layer('Flatten', 'flat', { data_format: 'channels_last' }),
        ],
      },
    },
    [['dw/kernel', [3, 3, 1, 1]]],
  );
  await expectSame(
    path,
    values,
    tfl.sequential({
      layers: [
        layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false, inputShape: [8, 8, 1] }),
        layers.flatten(),
      ],
    }),
  );
});

it.each<[string, Json, RegExp]>([
  ['grouped convolutions', conv({ groups: 2 }), /"conv" has groups: 2/],
  ['hard_sigmoid, which is another function in tfjs', conv({ activation: 'hard_sigmoid' }), /hard_sigmoid/],
  ['quantized layers', conv({ quantization_config: { mode: 'int8' } }), /quantization_config/],
])('refuses %s by name', async (_name, config, message) => {
  const { path } = await save(
    'refused',
    sequential([inputLayer(false), layer('Conv2D', 'conv', config)]),
    specs,
  );
  await expect(readNetwork(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(message),
  });
});
