import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { differences } from '../../test/against-onnxruntime.js';
import {
  externalEntry,
  onnxBytes,
  onnxModel,
  tensorAttribute,
  writeModelFile,
  type Model,
} from '../../test/build-onnx.js';
import { createOnnxFormat } from '../index.js';

const format = createOnnxFormat();
let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-read-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const image = { inputs: { x: ['batch', 4, 6, 8] }, outputs: ['y'] } as const;
const half = { shape: [], values: [0.5] };

/** Ways in which exporters write a network, and the classes of the layers that they become. */
const SPELLINGS: Readonly<Record<string, readonly [Model, readonly string[]]>> = {
  'SiLU as x * sigmoid(x)': [
    {
      ...image,
      nodes: [
        ['Sigmoid', ['x'], ['s']],
        ['Mul', ['s', 'x'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'Mish as x * tanh(softplus(x))': [
    {
      ...image,
      nodes: [
        ['Softplus', ['x'], ['s']],
        ['Tanh', ['s'], ['t']],
        ['Mul', ['x', 't'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'Gelu by erf': [
    {
      ...image,
      constants: { root: { shape: [], values: [Math.SQRT2] }, one: { shape: [], values: [1] }, half },
      nodes: [
        ['Div', ['x', 'root'], ['a']],
        ['Erf', ['a'], ['b']],
        ['Add', ['b', 'one'], ['c']],
        ['Mul', ['x', 'c'], ['d']],
        ['Mul', ['d', 'half'], ['y']],
      ],
    },
    ['Activation'],
  ],
  'hard swish by Clip': [
    {
      ...image,
      constants: {
        three: { shape: [], values: [3] },
        zero: { shape: [], values: [0] },
        six: { shape: [], values: [6] },
      },
      nodes: [
        ['Add', ['x', 'three'], ['a']],
        ['Clip', ['a', 'zero', 'six'], ['b']],
        ['Mul', ['x', 'b'], ['c']],
        ['Div', ['c', 'six'], ['y']],
      ],
    },
    ['TersorHardSigmoid', 'Multiply'],
  ],
  'a channel shuffle by Reshape and Transpose': [
    {
      ...image,
      constants: {
        apart: { shape: [5], values: [-1, 2, 2, 6, 8], int64: true },
        again: { shape: [4], values: [-1, 4, 6, 8], int64: true },
      },
      nodes: [
        ['Reshape', ['x', 'apart'], ['a']],
        ['Transpose', ['a'], ['b'], { perm: [0, 2, 1, 3, 4] }],
        ['Reshape', ['b', 'again'], ['y']],
      ],
    },
    ['TersorChannelShuffle'],
  ],
  'a head that flattens channels first': [
    {
      ...image,
      constants: { kernel: { shape: [192, 5] }, bias: { shape: [5] } },
      nodes: [
        ['Flatten', ['x'], ['a']],
        ['Gemm', ['a', 'kernel', 'bias'], ['y']],
      ],
    },
    ['Flatten', 'Dense'],
  ],
  'squeeze and excitation': [
    {
      ...image,
      constants: { down: { shape: [2, 4, 1, 1] }, up: { shape: [4, 2, 1, 1] } },
      nodes: [
        ['ReduceMean', ['x'], ['a'], { axes: [2, 3], keepdims: 1 }],
        ['Conv', ['a', 'down'], ['b']],
        ['Relu', ['b'], ['c']],
        ['Conv', ['c', 'up'], ['d']],
        ['Sigmoid', ['d'], ['e']],
        ['Mul', ['e', 'x'], ['y']],
      ],
    },
    ['GlobalAveragePooling2D', 'Reshape', 'Conv2D', 'Activation', 'Conv2D', 'Activation', 'Multiply'],
  ],
  'a norm over channels between transposes': [
    {
      ...image,
      constants: { scale: { shape: [4] }, shift: { shape: [4] } },
      nodes: [
        ['Transpose', ['x'], ['a'], { perm: [0, 2, 3, 1] }],
        ['LayerNormalization', ['a', 'scale', 'shift'], ['b'], { axis: -1 }],
        ['Transpose', ['b'], ['y'], { perm: [0, 3, 1, 2] }],
      ],
    },
    ['LayerNormalization'],
  ],
  'shapes worked out at run time': [
    {
      ...image,
      constants: {
        first: { shape: [], values: [0], int64: true },
        axis: { shape: [1], values: [0], int64: true },
        rest: { shape: [1], values: [-1], int64: true },
        kernel: { shape: [192, 3] },
      },
      nodes: [
        ['Shape', ['x'], ['s']],
        ['Gather', ['s', 'first'], ['n'], { axis: 0 }],
        ['Unsqueeze', ['n', 'axis'], ['m']],
        ['Concat', ['m', 'rest'], ['t'], { axis: 0 }],
        ['Reshape', ['x', 't'], ['a']],
        ['MatMul', ['a', 'kernel'], ['y']],
      ],
    },
    ['Flatten', 'Dense'],
  ],
  'a max pooling with padding after a ReLU, by layers that stock TensorFlow.js has': [
    {
      ...image,
      nodes: [
        ['Relu', ['x'], ['a']],
        ['MaxPool', ['a'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      ],
    },
    ['Activation', 'ZeroPadding2D', 'MaxPooling2D'],
  ],
  'a convolution with strides and dilation': [
    {
      ...image,
      constants: { kernel: { shape: [3, 4, 2, 2] } },
      nodes: [['Conv', ['x', 'kernel'], ['y'], { strides: [2, 2], dilations: [2, 2], pads: [1, 1, 1, 1] }]],
    },
    ['Conv2D', 'TersorSlice', 'TersorSlice'],
  ],
  'pixels shuffled into positions': [
    { ...image, nodes: [['DepthToSpace', ['x'], ['y'], { blocksize: 2, mode: 'CRD' }]] },
    ['Reshape', 'Permute', 'Reshape'],
  ],
};

it.each(Object.keys(SPELLINGS))('reads %s, and computes what onnxruntime does', async (name) => {
  const [model, classes] = SPELLINGS[name]!;
  const path = await writeModelFile(folder, model);
  const graph = await format.read(path);
  expect(graph.layers.slice(1).map(({ className }) => className)).toEqual(classes);
  const [difference] = await differences(path, graph, 2);
  expect(difference).toBeLessThan(1e-5);
});

it('names layers and ends like the nodes and tensors of the file', async () => {
  const path = await writeModelFile(folder, { ...image, nodes: [['Relu', ['x'], ['y']]] });
  const graph = await format.read(path);
  expect(graph.layers.map(({ name }) => name)).toEqual(['x', 'node0']);
  expect(graph.metadata?.userDefinedMetadata).toEqual({
    onnx: {
      opset: 17,
      inputs: [{ name: 'x', order: [0, 2, 3, 1] }],
      outputs: [{ name: 'y', order: [0, 2, 3, 1] }],
    },
  });
});

it('lists all operators that it does not know, with the opset, and what it knows', async () => {
  const path = await writeModelFile(folder, {
    ...image,
    nodes: [
      ['Sin', ['x'], ['a']],
      ['Relu', ['a'], ['b']],
      ['NonMaxSuppression', ['b'], ['c']],
      ['AveragePool', ['x'], ['d'], { kernel_shape: [2, 2], auto_pad: 'ODD' }],
      ['Add', ['c', 'd'], ['y']],
    ],
  });
  const error = await format.read(path).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    hint: expect.stringContaining('Conv, ConvTranspose'),
  });
  expect(String((error as Error).message)).toBe(
    `${path}: 3 of its nodes (opset 17) cannot be read:\n` +
      '  Sin "node0": an operator that is not known\n' +
      '  NonMaxSuppression "node2": an operator that is not known\n' +
      '  AveragePool "node3" has auto_pad = ODD',
  );
});

it('asks for sizes that the file leaves open, and takes them', async () => {
  const model: Model = {
    inputs: { x: ['batch', 3, 'height', 'width'] },
    outputs: ['y'],
    nodes: [['Relu', ['x'], ['y']]],
  };
  const path = await writeModelFile(folder, model);
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    hint: expect.stringContaining('--format-option inputShape=[3,224,224]'),
  });
  const graph = await createOnnxFormat({ inputShape: [3, 10, 12] }).read(path);
  expect(graph.calls[0]!.outputShape).toEqual([10, 12, 3]);
  await expect(createOnnxFormat({ inputShape: [4, 10, 12] }).read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('does not fit'),
  });
});

it('reads weights that lie in another file of the folder, and counts it as a part of the model', async () => {
  const message = await onnxModel({
    ...image,
    constants: { kernel: { shape: [2, 4, 1, 1], values: [1, 2, 3, 4, 5, 6, 7, 8] } },
    nodes: [['Conv', ['x', 'kernel'], ['y']]],
  });
  const tensor = message.graph!.initializer[0]!;
  await writeFile(join(folder, 'net.data'), Buffer.concat([Buffer.alloc(16), tensor.rawData]));
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = 1;
  tensor.externalData = await Promise.all(
    Object.entries({ location: 'net.data', offset: '16', length: '32' }).map(externalEntry),
  );
  const path = join(folder, 'external.onnx');
  await writeFile(path, await onnxBytes(message));
  const { layers } = await format.read(path);
  expect([...layers.at(-1)!.weights[0]!.data]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
  expect(await format.parts!(path)).toEqual([path, join(folder, 'net.data')]);
});

it('reads float16 weights and weights that are Constant nodes', async () => {
  const message = await onnxModel({
    ...image,
    nodes: [
      ['Constant', [], ['half']],
      ['Cast', ['half'], ['kernel'], { to: 1 }],
      ['Conv', ['x', 'kernel'], ['y']],
    ],
  });
  const values = Uint8Array.of(0, 0x3c, 0, 0xc0, 1, 0, 0, 0x38);
  message.graph!.node[0]!.attribute.push(await tensorAttribute([1n, 4n, 1n, 1n], values));
  const path = join(folder, 'half.onnx');
  await writeFile(path, await onnxBytes(message));
  const { layers } = await format.read(path);
  expect([...layers.at(-1)!.weights[0]!.data]).toEqual([1, -2, 2 ** -24, 0.5]);
});
