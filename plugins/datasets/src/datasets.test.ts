import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Dataset, PluginContext } from '@tersor/core';
import { datasetContract, describeContract } from '@tersor/testing';
import { cifar10 } from './cifar10.js';
import { idx } from './idx.js';

const PIXELS = 3072;
let folder = '';
const at = (name: string) => join(folder, name);
const make = (plugin: typeof cifar10 | typeof idx, options: object): Promise<Dataset> =>
  Promise.resolve(
    plugin.create(plugin.options.parse(options) as never, { directory: folder } as PluginContext),
  );

/** Record `i`: label `i % 10`, pixel `p` of the planar image has the value `(7 i + p) % 251`. */
const records = (first: number, count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, k) =>
      Buffer.from([
        (first + k) % 10,
        ...Array.from({ length: PIXELS }, (_unused, p) => (7 * (first + k) + p) % 251),
      ]),
    ),
  );

function idxFile(sizes: readonly number[], values: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, Buffer.from(values)]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-datasets-'));
  await mkdir(at('cifar'));
  await writeFile(at('cifar/data_batch_1.bin'), records(0, 20));
  await writeFile(at('cifar/data_batch_2.bin'), records(20, 10));
  await writeFile(at('cifar/test_batch.bin'), records(100, 5));
  await mkdir(at('idx'));
  const images = (first: number, count: number) =>
    idxFile(
      [count, 2, 3],
      Array.from({ length: count * 6 }, (_, i) => first + i),
    );
  await writeFile(at('idx/train-images-idx3-ubyte.gz'), gzipSync(images(0, 10)));
  await writeFile(at('idx/train-labels-idx1-ubyte'), idxFile([10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  await writeFile(at('idx/t10k-images-idx3-ubyte'), images(100, 2));
  await writeFile(at('idx/t10k-labels-idx1-ubyte'), idxFile([2], [9, 8]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeContract(
  'cifar10',
  datasetContract(() => make(cifar10, { dir: 'cifar', validation: 4 })),
);
describeContract(
  'idx',
  datasetContract(() => make(idx, { dir: 'idx' })),
);

describe('fingerprint', () => {
  const cifar = async (options = {}) =>
    (await make(cifar10, { dir: 'other', validation: 4, ...options })).fingerprint!();
  beforeEach(async () => {
    await rm(at('other'), { recursive: true, force: true });
    await cp(at('cifar'), at('other'), { recursive: true });
  });

  test('is that of the content, wherever it lies', async () => {
    expect(await cifar()).toBe(await (await make(cifar10, { dir: 'cifar', validation: 4 })).fingerprint!());
  });

  test.each<[string, object, () => Promise<unknown>]>([
    ['a test file that was halved', {}, () => writeFile(at('other/test_batch.bin'), records(100, 2))],
    [
      'one other pixel',
      {},
      async () => writeFile(at('other/test_batch.bin'), records(100, 5).fill(3, 5000, 5001)),
    ],
    [
      'one other label',
      {},
      async () => writeFile(at('other/data_batch_2.bin'), records(20, 10).fill(9, 0, 1)),
    ],
    ['another normalization', { mean: [0, 0, 0] }, async () => undefined],
    ['another validation split', { validation: 5 }, async () => undefined],
  ])('differs for %s', async (_, options, change) => {
    const before = await cifar();
    await change();
    expect(await cifar(options)).not.toBe(before);
  });
});

describe('cifar10', () => {
  test('pixels come channel by channel in the file and pixel by pixel out of it, normalized', async () => {
    const dataset = await make(cifar10, { dir: 'cifar', mean: [0, 0, 0], std: [1, 1, 1] });
    const { images, labels } = await dataset.read('train', [3]);
    expect([...labels]).toEqual([3]);
    for (const [pixel, channel] of [
      [0, 0],
      [0, 1],
      [0, 2],
      [500, 1],
      [1023, 2],
    ] as const) {
      expect(images[pixel * 3 + channel]).toBeCloseTo(((7 * 3 + channel * 1024 + pixel) % 251) / 255, 6);
    }
    const normalized = (
      await (await make(cifar10, { dir: 'cifar', mean: [0.5, 0, 0], std: [0.25, 1, 1] })).read('train', [3])
    ).images;
    expect(normalized[0]).toBeCloseTo((images[0]! - 0.5) / 0.25, 5);
  });

  test('batches follow each other, and the last records are held out: a tenth, or as many as were asked for', async () => {
    const tenth = await make(cifar10, { dir: 'cifar' });
    expect([tenth.size('train'), tenth.size('validation'), tenth.size('test')]).toEqual([27, 3, 5]);
    const four = await make(cifar10, { dir: 'cifar', validation: 4 });
    expect([...(await four.read('validation', [0, 3])).labels]).toEqual([6, 9]);
    expect(four.size('train')).toBe(26);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a folder that is missing', () => make(cifar10, { dir: 'none' }), /none does not exist/],
    [
      'a file in place of the folder',
      () => make(cifar10, { dir: 'cifar/test_batch.bin' }),
      /test_batch\.bin is not a folder/,
    ],
    [
      'a file in place of the folder within',
      async () => (
        await mkdir(at('packed')),
        await writeFile(at('packed/cifar-10-batches-bin'), ''),
        make(cifar10, { dir: 'packed' })
      ),
      /packed has no CIFAR-10 records/,
    ],
    [
      'more validation images than there are',
      () => make(cifar10, { dir: 'cifar', validation: 31 }),
      /31 validation images were requested, but there are only 30/,
    ],
    [
      'a validation split of all training images',
      () => make(cifar10, { dir: 'cifar', validation: 30 }),
      /30 validation images were requested, but that is all training images/,
    ],
    [
      'a folder without a test batch',
      async () => (
        await mkdir(at('half')),
        await writeFile(at('half/data_batch_1.bin'), records(0, 2)),
        make(cifar10, { dir: 'half' })
      ),
      /test_batch\.bin cannot be read/,
    ],
    [
      'a truncated file',
      async () => (
        await mkdir(at('cut')),
        await writeFile(at('cut/data_batch_1.bin'), records(0, 2)),
        await truncate(at('cut/data_batch_1.bin'), 5000),
        make(cifar10, { dir: 'cut' })
      ),
      /5000 bytes, which is not a multiple of 3073/,
    ],
  ])('refuses %s', async (_, act, message) => {
    await expect(act()).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('the range that "validation" may have is said', async () => {
    const range = { hint: expect.stringContaining('0 to 29') };
    await expect(make(cifar10, { dir: 'cifar', validation: 30 })).rejects.toMatchObject(range);
    expect((await make(cifar10, { dir: 'cifar', validation: 29 })).size('train')).toBe(1);
  });
});

describe('idx', () => {
  test('reads plain and gzipped files', async () => {
    const dataset = await make(idx, { dir: 'idx', mean: 0, std: 1 });
    expect(dataset.imageShape).toEqual([2, 3, 1]);
    expect([dataset.size('train'), dataset.size('validation'), dataset.size('test')]).toEqual([9, 1, 2]);
    const { images, labels } = await dataset.read('test', [1]);
    expect([...labels]).toEqual([8]);
    expect([...images].map((value) => Math.round(value * 255))).toEqual([106, 107, 108, 109, 110, 111]);
  });

  test.each<[string, string, Buffer, RegExp]>([
    [
      'a truncated file',
      'train-labels-idx1-ubyte',
      idxFile([10], [1, 2]),
      /10 bytes, but its header describes 18/,
    ],
    [
      'images where labels should be',
      'train-labels-idx1-ubyte',
      idxFile([1, 2, 3], [1, 2, 3, 4, 5, 6]),
      /not an IDX file of unsigned bytes with 1 dimensions/,
    ],
    [
      'another number of labels than of images',
      't10k-labels-idx1-ubyte',
      idxFile([1], [1]),
      /2 t10k images but 1 labels/,
    ],
    [
      'a label outside of the classes',
      't10k-labels-idx1-ubyte',
      idxFile([2], [1, 77]),
      /test record 1 has label 77/,
    ],
    [
      'a packed file that was cut off',
      'train-images-idx3-ubyte.gz',
      gzipSync(idxFile([1, 2, 3], [1, 2, 3, 4, 5, 6])).subarray(0, 20),
      /train-images-idx3-ubyte\.gz cannot be read: /,
    ],
  ])('refuses %s', async (_, file, bytes, message) => {
    await rm(at('broken'), { recursive: true, force: true });
    await cp(at('idx'), at('broken'), { recursive: true });
    await writeFile(at(`broken/${file}`), bytes);
    await expect(make(idx, { dir: 'broken' })).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
