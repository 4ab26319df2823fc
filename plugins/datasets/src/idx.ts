import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { definePlugin, elementCount, messageOf, TersorError } from '@tersor/core';
import { z } from 'zod';
import { recordsDataset, type ImageRecords } from './image-folder/image-records.js';
import { heldOut } from './require-validation.js';

const UNSIGNED_BYTE = 0x08;

const options = z.strictObject({
  dir: z
    .string()
    .describe(
      'Folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (.gz too).',
    ),
  validation: heldOut,
  classes: z
    .array(z.string())
    .min(2)
    .default(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    .describe('Class names, by label.'),
  mean: z.number().default(0.1307).describe('Mean of pixels scaled to 0..1; MNIST by default.'),
  std: z.number().positive().default(0.3081).describe('Standard deviation; MNIST by default.'),
});

/** MNIST, Fashion-MNIST and others in the IDX format (LeCun): big-endian header, then bytes. */
export const idx = definePlugin({
  name: '@tersor/datasets',
  kind: 'dataset',
  id: 'idx',
  core: '>=0.1.0 <1.0.0',
  description: 'MNIST and its kin in IDX files',
  options,
  scalings: {
    mnist: {},
    'zero-to-one': { mean: 0, std: 1 },
    'minus-one-to-one': { mean: 0.5, std: 0.5 },
    'fashion-mnist': { mean: 0.286, std: 0.353 },
    '0 to 255': { mean: 0, std: 1 / 255 },
  },
  create: async ({ dir, validation, classes, mean, std }, { directory }) => {
    const folder = resolve(directory, dir);
    const read = async (prefix: string): Promise<ImageRecords> => {
      const images = await readIdx(folder, `${prefix}-images-idx3-ubyte`, 3);
      const labels = await readIdx(folder, `${prefix}-labels-idx1-ubyte`, 1);
      const [count, height, width] = images.sizes as [number, number, number];
      if (count !== labels.sizes[0]) {
        throw new TersorError(
          'DATASET_INVALID',
          `${folder}: ${count} ${prefix} images but ${labels.sizes[0]} labels.`,
        );
      }
      if (count === 0) throw new TersorError('DATASET_INVALID', `${folder} has no ${prefix} images.`);
      return {
        shape: [height, width, 1],
        pixels: images.values,
        labels: labels.values,
        layout: 'interleaved',
      };
    };
    const [train, test] = [await read('train'), await read('t10k')];
    return recordsDataset({
      id: 'idx',
      classNames: classes,
      train,
      test,
      validation,
      normalization: { mean: [mean], std: [std] },
    });
  },
});

async function readIdx(
  folder: string,
  name: string,
  rank: number,
): Promise<{ sizes: number[]; values: Uint8Array }> {
  const path = [name, `${name}.gz`].map((file) => join(folder, file)).find((file) => existsSync(file));
  if (!path)
    throw new TersorError('DATASET_INVALID', `${join(folder, name)} does not exist (nor with .gz).`, {
      hint: 'Point "dataset.dir" at the folder with the four IDX files.',
    });
  const bytes = await readUnpacked(path);
  const header = 4 + 4 * rank;
  if (bytes.length < header || bytes[2] !== UNSIGNED_BYTE || bytes[3] !== rank) {
    throw new TersorError(
      'DATASET_INVALID',
      `${path} is not an IDX file of unsigned bytes with ${rank} dimensions.`,
    );
  }
  const sizes = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = header + elementCount(sizes);
  if (bytes.length !== expected)
    throw new TersorError(
      'DATASET_INVALID',
      `${path} has ${bytes.length} bytes, but its header describes ${expected}.`,
      { hint: 'The file is truncated.' },
    );
  return { sizes, values: bytes.subarray(header) };
}

async function readUnpacked(path: string): Promise<Buffer> {
  try {
    const file = await readFile(path);
    return path.endsWith('.gz') ? gunzipSync(file) : file;
  } catch (cause) {
    throw new TersorError('DATASET_INVALID', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Copy or download the file again: it may have been cut off.',
    });
  }
}
