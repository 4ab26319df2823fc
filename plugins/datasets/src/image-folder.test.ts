import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dataset, PluginContext } from '@tersor/core';
import { datasetContract, describeContract } from '@tersor/testing';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { imageFilesFingerprint } from './image-files-fingerprint.js';
import { imageFolder } from './image-folder.js';

type Rgb = readonly [number, number, number];
let folder = '';
const at = (name: string) => join(folder, name);

/** Pixels as bytes, `paint(x, y)` each, with `channels` of which a fourth is opaque. */
const paintPixels = (width: number, height: number, channels: 3 | 4, paint: (x: number, y: number) => Rgb) =>
  Buffer.from(
    Array.from({ length: width * height }, (_, i) =>
      [...paint(i % width, Math.floor(i / width)), 255].slice(0, channels),
    ).flat(),
  );

function png(width: number, height: number, paint: (x: number, y: number) => Rgb): Buffer {
  const image = new PNG({ width, height });
  image.data = paintPixels(width, height, 4, paint);
  return PNG.sync.write(image);
}
const ONE_PIXEL = png(1, 1, () => [9, 9, 9]);
const jpeg = (width: number, height: number, paint: (x: number, y: number) => Rgb) =>
  encode({ width, height, data: paintPixels(width, height, 4, paint) }, 100).data;

/**
 * A JPEG of 8x8 pixels of one colour, with one, three or four components: what jpeg-js does not write.
 * Baseline (T.81), a quantizer of 8, so that a block's DC value is its level less 128.
 */
function flatJpeg(levels: readonly number[]): Buffer {
  const segment = (marker: number, ...body: number[]) => [
    0xff,
    marker,
    (body.length + 2) >> 8,
    (body.length + 2) & 255,
    ...body,
  ];
  const components = levels.map((_, i) => i + 1);
  // Twelve DC categories of four bits each, and one AC symbol, "end of block", of one bit.
  const bits = levels
    .map((level) => {
      const value = level - 128;
      const size = value === 0 ? 0 : 32 - Math.clz32(Math.abs(value));
      const amplitude = value < 0 ? value + 2 ** size - 1 : value;
      return (
        size.toString(2).padStart(4, '0') +
        (size === 0 ? '' : amplitude.toString(2).padStart(size, '0')) +
        '0'
      );
    })
    .join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const scan = Array.from({ length: padded.length / 8 }, (_, i) =>
    parseInt(padded.slice(8 * i, 8 * i + 8), 2),
  ).flatMap((byte) => (byte === 255 ? [255, 0] : [byte]));
  return Buffer.from([
    0xff,
    0xd8,
    ...(levels.length === 4 ? segment(0xee, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 0) : []),
    ...segment(0xdb, 0, ...Array<number>(64).fill(8)),
    ...segment(0xc0, 8, 0, 8, 0, 8, levels.length, ...components.flatMap((id) => [id, 0x11, 0])),
    ...segment(
      0xc4,
      0x00,
      0,
      0,
      0,
      12,
      ...Array<number>(12).fill(0),
      ...Array.from({ length: 12 }, (_, i) => i),
    ),
    ...segment(0xc4, 0x10, 1, ...Array<number>(15).fill(0), 0),
    ...segment(0xda, levels.length, ...components.flatMap((id) => [id, 0]), 0, 63, 0),
    ...scan,
    0xff,
    0xd9,
  ]);
}

async function write(name: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), bytes);
}
const make = (options: object): Promise<Dataset> =>
  Promise.resolve(
    imageFolder.create(
      imageFolder.options.parse({ normalize: 'zero-to-one', resize: 4, crop: 4, ...options }) as never,
      { directory: folder } as PluginContext,
    ),
  );
/** The pixels of the only test image of a data set that has `bytes` there, 0..255 and rounded. */
async function pixelsOf(bytes: Buffer, options: object = {}, file = 'image.png'): Promise<number[]> {
  await rm(at('one/val'), { recursive: true, force: true });
  await write(`one/val/cat/${file}`, bytes);
  const { images } = await (await make({ dir: 'one', ...options })).read('test', [0]);
  return [...images].map((value) => Math.round(value * 255));
}
const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: 'DATASET_INVALID',
    message: expect.stringMatching(message) as unknown,
    hint: expect.stringMatching(/\w/) as unknown,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-image-folder-'));
  // Every image is of another colour, and its class and number can be read off it.
  for (const [label, name] of ['ant', 'bee', 'cat'].entries()) {
    for (let i = 0; i < 12; i++)
      await write(
        `pets/train/${name}/${i}.${i % 2 ? 'png' : 'JPEG'}`,
        (i % 2 ? png : jpeg)(5, 4, () => [20 * i, 100 * label, 60]),
      );
    for (let i = 0; i < 2; i++)
      await write(
        `pets/val/${name}/${i}.png`,
        png(4, 6, () => [20 * i, 100 * label, 200]),
      );
  }
  for (const name of ['bee', 'cat'])
    await write(
      `one/train/${name}/0.png`,
      png(4, 4, () => [1, 2, 3]),
    );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeContract(
  'image-folder',
  datasetContract(() => make({ dir: 'pets', validation: 6 })),
);

describe('decoding', () => {
  test('a JPEG and a PNG of one colour come out as that colour', async () => {
    for (const encoder of [png, jpeg]) {
      const pixels = await pixelsOf(encoder(8, 8, () => [200, 50, 120]));
      expect(pixels).toHaveLength(48);
      pixels.forEach((value, i) => expect(Math.abs(value - [200, 50, 120][i % 3]!)).toBeLessThanOrEqual(1));
    }
  });

  test('gray becomes three equal channels, and inverted CMYK becomes RGB', async () => {
    expect(new Set(await pixelsOf(flatJpeg([77])))).toEqual(new Set([77]));
    // Adobe writes 255 for no ink: cyan 55 of 255, magenta none, yellow 155, black 51, that is a fifth.
    expect((await pixelsOf(flatJpeg([200, 255, 100, 204]))).slice(0, 3)).toEqual([160, 204, 80]);
    // The writer of this test itself: neutral chroma is gray.
    expect((await pixelsOf(flatJpeg([90, 128, 128]))).slice(0, 3)).toEqual([90, 90, 90]);
  });

  test('a file is what it holds, not what it is called', async () => {
    expect(
      (
        await pixelsOf(
          png(4, 4, () => [9, 8, 7]),
          {},
          'wrong.JPEG',
        )
      ).slice(0, 3),
    ).toEqual([9, 8, 7]);
  });

  test('transparency is dropped', async () => {
    const image = new PNG({ width: 4, height: 4 });
    image.data = Buffer.from(Array.from({ length: 16 }, () => [10, 20, 30, 0]).flat());
    expect((await pixelsOf(PNG.sync.write(image))).slice(0, 3)).toEqual([10, 20, 30]);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /is empty/],
    [
      'a truncated JPEG',
      () => jpeg(64, 64, (x, y) => [4 * x, 4 * y, (x * y) % 256]).subarray(0, 900),
      /is a JPEG that ends before its image does/,
    ],
    [
      'a corrupt JPEG',
      () => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(40, 7), Buffer.from([0xff, 0xd9])]),
      /is not a JPEG that can be decoded: /,
    ],
    [
      'a truncated PNG',
      () => png(64, 64, (x, y) => [4 * x, 4 * y, 0]).subarray(0, 100),
      /is not a PNG that can be decoded: /,
    ],
    [
      'a PNG with a flipped bit',
      () => png(64, 64, (x, y) => [4 * x, 4 * y, 0]).map((byte, i) => (i === 60 ? byte ^ 1 : byte)) as Buffer,
      /is not a PNG that can be decoded: /,
    ],
    ['a GIF that is called .png', () => Buffer.from('GIF89a.......'), /is neither a JPEG nor a PNG, but GIF/],
    ['text', () => Buffer.from('not found'), /is neither a JPEG nor a PNG\./],
  ])('refuses %s, with its path', async (_, bytes, message) => {
    await expect(pixelsOf(Buffer.from(bytes()), {}, 'bad.png')).rejects.toEqual(
      refusal(new RegExp(`one/val/cat/bad\\.png ${message.source}`)),
    );
  });
});

describe('resizing', () => {
  /** The red channel by rows. */
  const red = (pixels: number[], size: number) =>
    Array.from({ length: size }, (_, y) =>
      Array.from({ length: size }, (_unused, x) => pixels[(y * size + x) * 3]!),
    );

  test('an image of the right size keeps its pixels, and the crop is its centre', async () => {
    const image = png(6, 8, (x, y) => [10 * x + y, 0, 255]);
    const pixels = await pixelsOf(image, { resize: 6, crop: 4 });
    expect(red(pixels, 4)).toEqual([2, 3, 4, 5].map((y) => [1, 2, 3, 4].map((x) => 10 * x + y)));
    expect(pixels.slice(1, 3)).toEqual([0, 255]);
  });

  test('halving weighs four neighbours as 1:3:3:1, fewer at an edge', async () => {
    const row = [0, 80, 160, 240, 80, 0, 40, 240];
    const halved = [
      (3 * 0 + 3 * 80 + 160) / 7,
      (80 + 3 * 160 + 3 * 240 + 80) / 8,
      (240 + 3 * 80 + 3 * 0 + 40) / 8,
      (0 + 3 * 40 + 3 * 240) / 7,
    ].map(Math.round);
    expect(red(await pixelsOf(png(8, 8, (x) => [row[x]!, 0, 0])), 4)).toEqual(Array(4).fill(halved));
    expect(red(await pixelsOf(png(8, 8, (_, y) => [row[y]!, 0, 0])), 4)).toEqual(
      halved.map((value) => Array(4).fill(value)),
    );
  });

  test('doubling weighs two neighbours as 3:1', async () => {
    expect(red(await pixelsOf(png(2, 2, (x) => [100 * x, 0, 0])), 4)).toEqual(
      Array(4).fill([0, 25, 75, 100]),
    );
  });

  test('the aspect ratio is kept: the longer side is cut, not squeezed', async () => {
    // Left third dark, the middle bright, right third dark; the middle square is all that remains.
    expect(
      new Set(red(await pixelsOf(png(24, 8, (x) => [x >= 7 && x < 17 ? 200 : 0, 0, 0])), 4).flat()),
    ).toEqual(new Set([200]));
  });

  test('one pixel fills the image', async () => {
    expect(
      new Set(
        await pixelsOf(
          png(1, 1, () => [123, 123, 123]),
          { resize: 256, crop: 224 },
        ),
      ),
    ).toEqual(new Set([123]));
  });
});

test.each<[unknown, readonly number[]]>([
  ['zero-to-one', [1, 0.2, 0]],
  ['minus-one-to-one', [1, -0.6, -1]],
  ['imagenet', [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225]],
  ['caffe', [-103.939, 51 - 116.779, 255 - 123.68]],
  [{ mean: [0.5, 0, 0], std: [1, 0.1, 1] }, [0.5, 2, 0]],
  [{ mean: [0, 0, 0.5], std: [1, 1, 0.5], order: 'bgr' }, [0, 0.2, 1]],
])('normalize %j gives the published values', async (normalize, expected) => {
  await pixelsOf(png(4, 4, () => [255, 51, 0]));
  const dataset = await make({ dir: 'one', normalize });
  const { images } = await dataset.read('test', [0]);
  expected.forEach((value, c) => expect(images[c]).toBeCloseTo(value, 3));
  const black = await make({ dir: 'one', normalize, test: 'black' }).catch(
    async () => (
      await write(
        'one/black/cat/0.png',
        png(4, 4, () => [0, 0, 0]),
      ),
      make({ dir: 'one', normalize, test: 'black' })
    ),
  );
  [...(await black.read('test', [0])).images.slice(0, 3)].forEach((value, c) =>
    expect(value).toBeCloseTo(dataset.padValue[c]!, 4),
  );
});

describe('fingerprint', () => {
  const of = async (dir: string) => (await make({ dir, validation: 6 })).fingerprint!();

  test('is that of the content, wherever it lies, and differs where a file was cut off, repainted, moved to another class or removed', async () => {
    const before = await of('pets');
    for (const [change, differs] of [
      [async () => undefined, false],
      [
        async () =>
          writeFile(at('copy/val/bee/1.png'), (await readFile(at('copy/val/bee/1.png'))).subarray(0, 40)),
        true,
      ],
      [
        async () =>
          writeFile(
            at('copy/val/bee/1.png'),
            png(4, 6, () => [21, 100, 200]),
          ),
        true,
      ],
      [async () => rename(at('copy/train/ant/3.png'), at('copy/train/bee/33.png')), true],
      [async () => rm(at('copy/val/cat/0.png')), true],
    ] as const) {
      await rm(at('copy'), { recursive: true, force: true });
      await cp(at('pets'), at('copy'), { recursive: true });
      await change();
      expect((await of('copy')) !== before).toBe(differs);
    }
  });

  test('looks at few bytes of a large data set', async () => {
    const entries = Array.from({ length: 30_000 }, (_, i) => ({
      path: at(`pets/val/ant/${i % 2}.png`),
      key: `ant/${i}.png`,
      label: 0,
    }));
    const started = performance.now();
    expect(await imageFilesFingerprint({ train: entries, validation: [], test: entries }, {})).toMatch(
      /^[0-9a-f]{64}$/,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('splits', () => {
  const reds = async (dataset: Dataset, split: 'train' | 'validation') => {
    const { images, labels } = await dataset.read(split, [...Array(dataset.size(split)).keys()]);
    return [...labels].map((label, i) => `${label}/${Math.round((images[i * 48]! * 255) / 20)}`);
  };

  test('labels are the sorted folders, and every training image is in one split', async () => {
    const dataset = await make({ dir: 'pets', validation: 0.25 });
    expect(dataset.classNames).toEqual(['ant', 'bee', 'cat']);
    expect([dataset.size('train'), dataset.size('validation'), dataset.size('test')]).toEqual([27, 9, 6]);
    expect([...(await dataset.read('test', [0, 1, 2, 3, 4, 5])).labels]).toEqual([0, 0, 1, 1, 2, 2]);
    const all = [...(await reds(dataset, 'train')), ...(await reds(dataset, 'validation'))];
    expect(all.sort()).toEqual(
      ['0', '1', '2'].flatMap((label) => Array.from({ length: 12 }, (_, i) => `${label}/${i}`)).sort(),
    );
  });

  test('the held-out images are the same wherever the data set lies, and a smaller choice is part of a larger one', async () => {
    const nine = await reds(await make({ dir: 'pets', validation: 9 }), 'validation');
    await cp(at('pets'), at('moved/pets'), { recursive: true });
    expect(await reds(await make({ dir: 'moved/pets', validation: 9 }), 'validation')).toEqual(nine);
    expect(nine).toEqual(
      expect.arrayContaining(await reds(await make({ dir: 'pets', validation: 4 }), 'validation')),
    );
    expect(new Set(nine.map((name) => name[0])).size).toBeGreaterThan(1);
  });

  test('a list names classes by name, by index or by folder, and a file of classes gives their order', async () => {
    await write('pets/classes.txt', '\uFEFFcat\r\nbee\r\nant\r\n');
    await write(
      'pets/flat/two words.png',
      png(4, 4, () => [5, 5, 5]),
    );
    await write('pets/list.txt', 'train/ant/0.JPEG\ntrain/bee/0.JPEG bee\n\nflat/two words.png 0\r\n');
    const dataset = await make({
      dir: 'pets',
      classes: 'classes.txt',
      train: 'train',
      test: 'val',
      validation: 0,
    });
    expect((await dataset.read('train', [0])).labels[0]).toBe(2);
    const listed = await make({ dir: 'pets', classes: 'classes.txt', train: 'list.txt', validation: 0 });
    const { images, labels } = await listed.read('train', [0, 1, 2]);
    expect([...labels]).toEqual([2, 1, 0]);
    expect(images[2 * 48]! * 255).toBeCloseTo(5, 4);
  });

  test('files are read when their images are asked for, not before', async () => {
    await cp(at('pets'), at('lazy'), { recursive: true });
    const dataset = await make({ dir: 'lazy', validation: 0 });
    await copyFile(at('lazy/val/ant/0.png'), at('lazy/train/bee/3.png'));
    await writeFile(at('lazy/train/bee/5.png'), 'broken');
    await rm(at('lazy/train/bee/7.png'));
    const index = (i: number) =>
      12 +
      [
        '0.JPEG',
        '1.png',
        '10.JPEG',
        '11.png',
        '2.JPEG',
        '3.png',
        '4.JPEG',
        '5.png',
        '6.JPEG',
        '7.png',
      ].indexOf(`${i}.png`);
    expect((await dataset.read('train', [index(3)])).images[2]! * 255).toBeCloseTo(200, 4);
    await expect(dataset.read('train', [0, index(5)])).rejects.toEqual(
      refusal(/5\.png is neither a JPEG nor a PNG/),
    );
    await expect(dataset.read('train', [index(7)])).rejects.toEqual(refusal(/7\.png cannot be read/));
  });

  test('links to class folders count, other files do not', async () => {
    await cp(at('pets'), at('linked'), { recursive: true });
    await rename(at('linked/train/bee'), at('linked/elsewhere'));
    await symlink(at('linked/elsewhere'), at('linked/train/bee'), 'junction');
    await write('linked/train/README.md', 'about');
    await write('linked/train/ant/Thumbs.db', 'x');
    await write('linked/train/ant/._0.png', 'x');
    await mkdir(at('linked/train/.cache'));
    expect((await make({ dir: 'linked', validation: 0 })).size('train')).toBe(36);
  });
});

describe('mistakes', () => {
  beforeEach(async () => {
    await rm(at('bad'), { recursive: true, force: true });
    for (const name of ['ant', 'bee', 'cat'])
      for (const split of ['train', 'val']) await write(`bad/${split}/${name}/0.png`, ONE_PIXEL);
    await write('bad/classes.txt', 'ant\nbee\ncat\n');
  });
  const lists = (lines: string, options: object = {}) =>
    write('bad/list.txt', lines).then(() =>
      make({ dir: 'bad', train: 'list.txt', classes: 'classes.txt', ...options }),
    );

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a folder that is missing', () => make({ dir: 'none' }), /none does not exist/],
    [
      'a training folder that is missing',
      () => make({ dir: 'bad', train: 'training' }),
      /The folder .*bad\/training cannot be read/,
    ],
    ['a test folder that is missing', () => make({ dir: 'bad', test: 'test' }), /bad\/test cannot be read/],
    [
      'a folder without class folders',
      async () => (await mkdir(at('bad/none')), make({ dir: 'bad', train: 'none' })),
      /bad\/none has no class folders\./,
    ],
    [
      'a flat folder',
      () => make({ dir: 'bad', train: 'train/ant' }),
      /train\/ant has no class folders, but images/,
    ],
    [
      'one class only',
      async () => (await write('bad/single/ant/0.png', ONE_PIXEL), make({ dir: 'bad', train: 'single' })),
      /only one class folder, ant/,
    ],
    [
      'an empty class folder',
      async () => (await write('bad/train/dog/notes.txt', ''), make({ dir: 'bad' })),
      /train\/dog has no images/,
    ],
    [
      'a class that is not among the classes',
      async () => (await write('bad/val/dog/0.png', ONE_PIXEL), make({ dir: 'bad' })),
      /val\/dog is not one of the 3 classes/,
    ],
    [
      'a class that is named twice',
      async () => (
        await write('bad/twice.txt', 'crane\nmaillot\ncrane\n'),
        make({ dir: 'bad', classes: 'twice.txt' })
      ),
      /twice\.txt names the class "crane" twice, as number 0 and 2/,
    ],
    [
      'an empty file of classes',
      async () => (await write('bad/empty.txt', '\n'), make({ dir: 'bad', classes: 'empty.txt' })),
      /empty\.txt names 0 classes/,
    ],
    [
      'a list without the order of classes',
      () => lists('train/ant/0.png\n', { classes: undefined }),
      /list\.txt is a list of images, which does not tell the order of the classes/,
    ],
    ['an empty list', () => lists('\n'), /list\.txt lists no images/],
    [
      'a line that names no image',
      () => lists('train/ant/0.png\ntrain/ant 0\n'),
      /list\.txt, line 2: "train\/ant 0" does not name/,
    ],
    [
      'a file of a list that is missing',
      () => lists('train/ant/0.png\ntrain/ant/99.png\n'),
      /list\.txt, line 2: .*train\/ant\/99\.png does not exist/,
    ],
    [
      'a folder of a list that is missing',
      () => lists('train/fox/0.png\n'),
      /list\.txt, line 1: the folder .*train\/fox cannot be read/,
    ],
    [
      'a class of a list that is unknown',
      () => lists('train/ant/0.png fox\n'),
      /list\.txt, line 1: "fox" is neither one of the 3 classes nor an index from 0 to 2/,
    ],
    ['an index of a list that is too high', () => lists('train/ant/0.png 3\n'), /line 1: "3" is neither/],
    [
      'an image that is listed twice',
      () => lists('train/ant/0.png\ntrain/bee/../ant/0.png\n'),
      /train\/ant\/0\.png is given twice/,
    ],
    ['a test image that is trained on', () => lists('val/ant/0.png\n'), /val\/ant\/0\.png is given twice/],
    [
      'more validation images than there are',
      () => make({ dir: 'bad', validation: 4 }),
      /4 validation images were asked for, but there are only 3 training images/,
    ],
    [
      'a crop that is larger than the image',
      () => make({ dir: 'bad', resize: 4, crop: 5 }),
      /A crop of 5 pixels does not fit/,
    ],
  ])('names %s', async (_, act, message) => {
    await expect(act()).rejects.toEqual(refusal(message));
  });

  test('normalize has to be given: a wrong one costs accuracy without a word', () => {
    expect(imageFolder.options.safeParse({ dir: 'pets' }).error?.issues[0]?.path).toEqual(['normalize']);
    expect(imageFolder.options.safeParse({ dir: 'pets', normalize: 'caffe', validation: 1.5 }).success).toBe(
      false,
    );
  });
});

test('the fixture is real: its files start as JPEG and PNG do', async () => {
  expect((await readFile(at('pets/train/ant/0.JPEG'))).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  expect((await readFile(at('pets/train/ant/1.png'))).subarray(1, 4).toString()).toBe('PNG');
});
