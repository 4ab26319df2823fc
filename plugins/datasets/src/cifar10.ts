import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { definePlugin, isFolder, TersorError } from '@tersor/core';
import { z } from 'zod';
import { recordsDataset, type ImageRecords } from './image-folder/image-records.js';
import { heldOut } from './require-validation.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const PIXELS = 32 * 32 * 3;
const RECORD = 1 + PIXELS;

const options = z.strictObject({
  dir: z
    .string()
    .describe('Folder with data_batch_*.bin and test_batch.bin, or one that holds cifar-10-batches-bin.'),
  validation: heldOut,
  mean: z
    .array(z.number())
    .length(3)
    .default([0.4914, 0.4822, 0.4465])
    .describe('Mean per channel, of pixels scaled to 0..1.'),
  std: z
    .array(z.number().positive())
    .length(3)
    .default([0.247, 0.2435, 0.2616])
    .describe('Standard deviation per channel.'),
});

/**
 * CIFAR-10 in its binary layout: files of records of one label byte and 3072 pixel bytes, channel after
 * channel (Krizhevsky 2009).
 */
export const cifar10 = definePlugin({
  name: '@tersor/datasets',
  kind: 'dataset',
  id: 'cifar10',
  core: '>=0.1.0 <1.0.0',
  description: 'CIFAR-10 in its binary layout',
  options,
  scalings: {
    cifar10: {},
    'zero-to-one': { mean: [0, 0, 0], std: [1, 1, 1] },
    'minus-one-to-one': { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    '0 to 255': { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
  },
  create: async ({ dir, validation, mean, std }, { directory }) => {
    const folder = await dataFolder(resolve(directory, dir));
    const batches = await batchesIn(folder);
    const train = await readBatches(folder, batches, 'data_batch_1.bin');
    const test = await readBatches(folder, ['test_batch.bin'], 'test_batch.bin');
    return recordsDataset({
      id: 'cifar10',
      classNames: CLASSES,
      train,
      test,
      validation,
      normalization: { mean, std },
    });
  },
});

async function dataFolder(dir: string): Promise<string> {
  const nested = join(dir, 'cifar-10-batches-bin');
  if (await isFolder(nested)) return nested;
  if (await isFolder(dir)) return dir;
  const problem = existsSync(dir) ? `${dir} is not a folder.` : `The CIFAR-10 folder ${dir} does not exist.`;
  throw new TersorError('DATASET_INVALID', problem, {
    hint: 'Point "dataset.dir" at the folder with data_batch_1.bin.',
  });
}

/** The names of the training files, in order. */
async function batchesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).sort();
}

async function readBatches(folder: string, files: readonly string[], example: string): Promise<ImageRecords> {
  const buffers = await Promise.all(files.map((file) => readBatch(join(folder, file))));
  const records = buffers.flatMap((buffer) =>
    Array.from({ length: buffer.length / RECORD }, (_, i) => buffer.subarray(i * RECORD, (i + 1) * RECORD)),
  );
  if (records.length === 0)
    throw new TersorError('DATASET_INVALID', `${folder} has no CIFAR-10 records.`, {
      hint: `It should hold ${example}.`,
    });
  const pixels = new Uint8Array(records.length * PIXELS);
  records.forEach((record, i) => pixels.set(record.subarray(1), i * PIXELS));
  return {
    shape: [32, 32, 3],
    pixels,
    labels: Uint8Array.from(records, (record) => record[0]!),
    layout: 'planar',
  };
}

async function readBatch(path: string): Promise<Buffer> {
  let buffer: Buffer;
  try {
    buffer = await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (buffer.length % RECORD !== 0) {
    throw new TersorError(
      'DATASET_INVALID',
      `${path} has ${buffer.length} bytes, which is not a multiple of ${RECORD} (a record of CIFAR-10).`,
      { hint: 'The file is truncated or has another layout.' },
    );
  }
  return buffer;
}

function unreadable(path: string, cause: unknown): TersorError {
  return new TersorError('DATASET_INVALID', `${path} cannot be read.`, {
    cause,
    hint: 'A CIFAR-10 folder holds data_batch_1.bin ... and test_batch.bin.',
  });
}
