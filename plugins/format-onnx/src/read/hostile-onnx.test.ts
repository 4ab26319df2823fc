import '@tensorflow/tfjs-backend-cpu';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, isTersorError, type Random } from '@tersor/core';
import { channelGroups, cost } from '@tersor/network';
import { externalEntry, onnxBytes, onnxModel, type Model } from '../../test/build-onnx.js';
import { createOnnxFormat } from '../index.js';

const MUTATIONS = 1500;
const format = createOnnxFormat();
const models = join(__dirname, '../../test/models');

let folder: string;
let path: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-hostile-onnx-'));
  await mkdir(join(folder, 'models'));
  path = join(folder, 'models/net.onnx');
});
afterAll(() => rm(folder, { recursive: true }));

const small: Model = {
  inputs: { x: [1, 4, 6, 8] },
  outputs: ['y'],
  constants: {
    kernel: { shape: [3, 4, 1, 1] },
    shape: { shape: [2], values: [1, -1], int64: true },
  },
  nodes: [
    ['Conv', ['x', 'kernel'], ['a']],
    ['Relu', ['a'], ['b']],
    ['Reshape', ['b', 'shape'], ['y']],
  ],
};

type Message = Awaited<ReturnType<typeof onnxModel>>;

/** What reading a spoiled model says. */
async function spoiled(spoil: (message: Message) => void | Promise<void>, model = small): Promise<unknown> {
  const message = await onnxModel(model);
  await spoil(message);
  await writeFile(path, await onnxBytes(message));
  return format.read(path).catch((error: unknown) => error);
}

const invalid = (text: string) => ({ code: 'MODEL_INVALID', message: expect.stringContaining(text) });

/** Points the kernel at another file. */
const outside =
  (location: string, length = '48') =>
  async (message: Message) => {
    const tensor = message.graph!.initializer[0]!;
    tensor.rawData = new Uint8Array();
    tensor.dataLocation = 1;
    tensor.externalData = await Promise.all(Object.entries({ location, length }).map(externalEntry));
  };

it.each([
  ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'],
  ['the page of a failed download', '<!DOCTYPE html><html><body>404: there is no such file</body></html>'],
])('says of %s that it is text', async (_, text) => {
  await writeFile(path, text);
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('is text, not an ONNX file') as string,
    hint: expect.stringContaining('git lfs pull') as string,
  });
});

it('refuses a shape that says more than the file holds, before anything is allocated', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const error = await spoiled(({ graph }) => void (graph!.initializer[0]!.dims = [30000n, 30000n]));
  expect(error).toMatchObject(invalid('has 48 bytes, not 3600000000'));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 24);
  const huge = await spoiled(({ graph }) => void (graph!.initializer[0]!.dims = [2n ** 40n, 2n ** 20n]));
  expect(huge).toMatchObject(invalid('has the shape [1099511627776, 1048576]'));
  const negative = await spoiled(({ graph }) => void (graph!.initializer[0]!.dims = [-3n, 4n, 1n, 1n]));
  expect(negative).toMatchObject(invalid('has the shape [-3, 4, 1, 1]'));
});

it('refuses cycles, tensors that nothing makes, and those that are made twice', async () => {
  const cycle = await spoiled(({ graph }) => void (graph!.node[0]!.input[0] = 'b'));
  expect(cycle).toMatchObject(invalid('"node0" reads "b", which nothing before it makes'));
  const own = await spoiled(({ graph }) => void (graph!.node[1]!.input[0] = 'b'));
  expect(own).toMatchObject(invalid('"node1" reads "b"'));
  const twice = await spoiled(({ graph }) => void (graph!.node[1]!.output[0] = 'a'));
  expect(twice).toMatchObject(invalid('the tensor "a" is made twice'));
  const constants = await spoiled(({ graph }) => void (graph!.initializer[1]!.name = 'kernel'));
  expect(constants).toMatchObject(invalid('two initializers called "kernel"'));
});

it('refuses constants and layers of huge shapes that a few bytes ask for', async () => {
  const nodes: Model['nodes'] = [
    ['ConstantOfShape', ['big'], ['zeros']],
    ['Add', ['x', 'zeros'], ['y']],
  ];
  const big = { shape: [3], values: [100000, 100000, 100000], int64: true } as const;
  const error = await spoiled(() => undefined, { ...small, nodes, constants: { big } });
  expect(error).toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('makes a constant of the shape [100000, 100000, 100000]'),
  });
  const pads = { shape: [8], values: [0, 0, 1e6, 1e6, 0, 0, 1e6, 1e6], int64: true } as const;
  const wide = await spoiled(() => undefined, {
    ...small,
    nodes: [['Pad', ['x', 'pads'], ['y']]],
    constants: { pads },
  });
  expect(wide).toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('values per image; the limit is 268435456'),
  });
});

it('reads no file out of the folder, whether it is there or not', async () => {
  await writeFile(join(folder, 'secret'), Buffer.alloc(48));
  await symlink(join(folder, 'secret'), join(folder, 'models/link'));
  for (const location of [
    '../secret',
    '../nothing',
    join(folder, 'secret'),
    'link',
    '.',
    'a/../../secret',
    '',
  ])
    expect(await spoiled(outside(location))).toMatchObject(invalid("which is not in the model's folder"));
  expect(await spoiled(outside('missing.data'))).toMatchObject(invalid('there is no file "missing.data"'));
  await writeFile(join(folder, 'models/short.data'), Buffer.alloc(10));
  expect(await spoiled(outside('short.data'))).toMatchObject(invalid('of a file that has 10'));
  expect(await spoiled(outside('short.data', '10'))).toMatchObject(invalid('has 10 bytes, not 48'));
  expect(await spoiled(outside('short.data', '-1'))).toMatchObject(invalid('has the length "-1"'));
});

it('refuses a file that broke off, wherever it did', async () => {
  const bytes = await readFile(join(models, 'unet.onnx'));
  const random = createRandom(5, 'cuts');
  for (let i = 0; i < 60; i++) {
    await writeFile(path, bytes.subarray(0, random.integer(bytes.length)));
    const error = await format.read(path).catch((caught: unknown) => caught);
    expect(isTersorError(error) && ['MODEL_INVALID', 'MODEL_UNSUPPORTED'].includes(error.code)).toBe(true);
  }
});

/** One to four bytes, or runs of them, that are others. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const result = Uint8Array.from(bytes);
  for (let change = random.integer(4); change >= 0; change--) {
    const at = random.integer(result.length);
    const length = 1 + random.integer(6);
    const kinds = [
      () => (result[at] = random.integer(256)),
      () => (result[at]! ^= 1 << random.integer(8)),
      () => result.fill(0xff, at, at + length),
      () => result.copyWithin(at, random.integer(result.length), random.integer(result.length)),
    ];
    kinds[random.integer(kinds.length)]!();
  }
  return result;
}

it(`reads or refuses by code ${MUTATIONS} mutants of a file, soon`, async () => {
  // A file whose weights are small, so that most changes meet its structure.
  const bytes = await onnxBytes(
    await onnxModel({
      inputs: { x: ['n', 4, 6, 8] },
      outputs: ['y', 'z'],
      constants: {
        kernel: { shape: [4, 1, 2, 2] },
        scale: { shape: [4] },
        apart: { shape: [4], values: [0, 2, 2, -1], int64: true },
        pads: { shape: [8], values: [0, 0, 1, 0, 0, 0, 1, 2], int64: true },
        dense: { shape: [4, 3] },
      },
      nodes: [
        ['Conv', ['x', 'kernel'], ['a'], { group: 4, strides: [2, 2], auto_pad: 'SAME_UPPER' }],
        ['Relu', ['a'], ['c']],
        ['Pad', ['c', 'pads'], ['d']],
        ['Concat', ['d', 'd'], ['e'], { axis: 1 }],
        ['Reshape', ['e', 'apart'], ['f']],
        ['Transpose', ['f'], ['z'], { perm: [0, 2, 1, 3] }],
        ['GlobalAveragePool', ['d'], ['g']],
        ['Flatten', ['g'], ['h']],
        ['Gemm', ['h', 'dense'], ['i']],
        ['Softmax', ['i'], ['y'], { axis: 1 }],
      ],
    }),
  );
  const random = createRandom(4, 'onnx');
  const counts = { read: 0, refused: 0 };
  for (let i = 0; i < MUTATIONS; i++) {
    const mutant = mutate(bytes, random);
    await writeFile(path, mutant);
    const start = process.cpuUsage();
    try {
      const graph = await format.read(path);
      channelGroups(graph);
      cost(graph);
      counts.read++;
    } catch (error) {
      if (!isTersorError(error))
        throw new Error(`mutant ${i}: ${(error as Error).stack}\n${Buffer.from(mutant).toString('base64')}`);
      counts.refused++;
    }
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(5e6);
  }
  expect(counts.read).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(100);
});
