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
import { image, SPELLINGS } from '../../test/spellings.js';
import { createOnnxFormat } from '../index.js';

const format = createOnnxFormat();
let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-read-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

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
      ['Det', ['x'], ['a']],
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
      '  Det "node0": an operator that is not known\n' +
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
