import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { run } from '../../../packages/network/test/masked-run.js';
import { differences } from '../test/against-onnxruntime.js';
import { onnxBytes, onnxModel, writeModelFile, type Model } from '../test/build-onnx.js';
import { createOnnxFormat } from './index.js';
import { onnxReference } from './reference.js';
import { bytesOf } from './write/draft.js';
import { halfOf } from './write/weights/half.js';

const format = createOnnxFormat();
let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-odd-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const small: Model = {
  inputs: { x: [1, 3, 6, 8] },
  outputs: ['y'],
  constants: { w: { shape: [4, 3, 3, 3] }, v: { shape: [2, 4, 1, 1] } },
  nodes: [
    ['Conv', ['x', 'w'], ['a']],
    ['Relu', ['a'], ['b']],
    ['Conv', ['b', 'v'], ['y']],
  ],
};

it.each([
  [
    ['_conv', '__proto__', 'conv:0'],
    ['conv', 'proto__', 'conv_0'],
  ],
  [
    ['constructor', 'toString', 'Größe/1'],
    ['constructor_1', 'toString_1', 'Gr__e/1'],
  ],
  [
    ['層', '///', 'a b'],
    ['layer', 'layer_1', 'a_b'],
  ],
  [
    ['same', 'same', 'same'],
    ['same', 'same_1', 'same_2'],
  ],
])('gives layers of nodes called %p names that TensorFlow.js can give to weights', async (names, layers) => {
  const message = await onnxModel(small);
  message.graph!.node.forEach((node, i) => (node.name = names[i]!));
  const path = join(folder, 'names.onnx');
  await writeFile(path, await onnxBytes(message));
  const graph = await format.read(path);
  expect(graph.layers.slice(1).map(({ name }) => name)).toEqual(layers);
  const written = join(folder, await format.write!(graph, folder));
  for (const difference of await differences(written, graph, 1)) expect(difference).toBeLessThan(1e-5);
});

it('writes a tensor that is two outputs, one of them in another order', async () => {
  const path = await writeModelFile(folder, { ...small, outputs: ['y', 'y', 'b'] });
  const graph = await format.read(path);
  const written = await format.read(join(folder, await format.write!(graph, folder)));
  expect(written.outputs).toHaveLength(3);
  const found = await differences(join(folder, 'model.onnx'), written, 1);
  expect(found).toHaveLength(3);
  for (const difference of found) expect(difference).toBeLessThan(1e-5);
});

it.each([
  ['MaxPool', { kernel_shape: [0, 2] }, 'has settings [0, 2]; the least is 1'],
  ['AveragePool', { kernel_shape: [2, 2], strides: [1, -1] }, 'has settings [1, -1]; the least is 1'],
])('refuses a %s with %p', async (type, attributes, reason) => {
  const path = await writeModelFile(folder, { ...small, nodes: [[type, ['x'], ['y'], attributes]] });
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining(`${type} "node0" ${reason}`) as string,
  });
});

it('refuses sparse weights by name', async () => {
  const [{ create }, { SparseTensorProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  const message = await onnxModel(small);
  message.graph!.sparseInitializer = [create(SparseTensorProtoSchema, { dims: [3n] })];
  const path = join(folder, 'sparse.onnx');
  await writeFile(path, await onnxBytes(message));
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: `${path}: It has sparse initializers, which are not read.`,
  });
});

it('is compared with onnxruntime where its images are half floats', async () => {
  const message = await onnxModel(small);
  const graphOf = message.graph!;
  for (const tensor of graphOf.initializer) {
    tensor.dataType = 10;
    const values = new Float32Array(Uint8Array.from(tensor.rawData).buffer);
    tensor.rawData = Uint8Array.from(bytesOf(halfOf(values)));
  }
  for (const { type } of [...graphOf.input, ...graphOf.output])
    if (type?.value.case === 'tensorType') type.value.value.elemType = 10;
  const path = join(folder, 'half.onnx');
  await writeFile(path, await onnxBytes(message));
  const graph = await format.read(path);
  const image = Float32Array.from({ length: 3 * 6 * 8 }, (_, i) => Math.sin(i));
  const reference = await onnxReference(path, graph);
  const [expected] = await reference.run([image]);
  await reference.dispose();
  const tensor = tf.tensor(image, [1, 6, 8, 3]);
  const [found] = await run(graph, [tensor]);
  tensor.dispose();
  const apart = found!.map((value, i) => Math.abs(value - expected![i]!));
  expect(Math.max(...apart)).toBeLessThan(1e-2);
  expect(Math.max(...apart)).toBeGreaterThan(0);
  expect(Math.max(...found!.map(Math.abs))).toBeGreaterThan(0.5);
});
