import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dataset, PluginContext } from '@tersor/core';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { imageFolder } from '../src/image-folder/image-folder.js';

type Rgb = readonly [number, number, number];
let folder = '';

/** The path of a file of the folder. */
export const at = (name: string) => join(folder, name);

/** Pixels as bytes, `paint(x, y)` each, with `channels` of which a fourth is opaque. */
const paintPixels = (width: number, height: number, channels: 3 | 4, paint: (x: number, y: number) => Rgb) =>
  Buffer.from(
    Array.from({ length: width * height }, (_, i) =>
      [...paint(i % width, Math.floor(i / width)), 255].slice(0, channels),
    ).flat(),
  );

/** A PNG, `paint(x, y)` each pixel. */
export function png(width: number, height: number, paint: (x: number, y: number) => Rgb): Buffer {
  const image = new PNG({ width, height });
  image.data = paintPixels(width, height, 4, paint);
  return PNG.sync.write(image);
}

/** The smallest image. */
export const ONE_PIXEL = png(1, 1, () => [9, 9, 9]);

/** A JPEG of the best quality. */
export const jpeg = (width: number, height: number, paint: (x: number, y: number) => Rgb) =>
  encode({ width, height, data: paintPixels(width, height, 4, paint) }, 100).data;

/**
 * A JPEG of 8x8 pixels of one colour, with one, three or four components: what jpeg-js does not write.
 * Baseline (T.81), a quantizer of 8, so that a block's DC value is its level less 128.
 */
export function flatJpeg(levels: readonly number[]): Buffer {
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

/** Writes a file of the folder. */
export async function write(name: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), bytes);
}

/** The data set of some options, with images of 4x4 pixels. */
export const make = (options: object): Promise<Dataset> =>
  Promise.resolve(
    imageFolder.create(
      imageFolder.options.parse({ normalize: 'zero-to-one', resize: 4, crop: 4, ...options }) as never,
      { directory: folder } as PluginContext,
    ),
  );
/** The pixels of the only test image of a data set that has `bytes` there, 0..255 and rounded. */
export async function pixelsOf(bytes: Buffer, options: object = {}, file = 'image.png'): Promise<number[]> {
  await rm(at('one/val'), { recursive: true, force: true });
  await write(`one/val/cat/${file}`, bytes);
  const { images } = await (await make({ dir: 'one', ...options })).read('test', [0]);
  return [...images].map((value) => Math.round(value * 255));
}

/** What is wrong with a data set, and what to do. */
export const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: 'DATASET_INVALID',
    message: expect.stringMatching(message) as unknown,
    hint: expect.stringMatching(/\w/) as unknown,
  });

/** Fills a folder with images before the tests of a file, and removes it after them. */
export function useImageFiles(): void {
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
}
