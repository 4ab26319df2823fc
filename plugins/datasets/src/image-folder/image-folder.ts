import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  definePlugin,
  isFolder,
  TersorError,
  type Dataset,
  type LabelledImages,
  type Split,
} from '@tersor/core';
import { z } from 'zod';
import { decodeImage } from '../decode-image.js';
import { classFolders, readClassNames, readEntries, type ImageEntry } from './image-entries.js';
import { imageFilesFingerprint } from './image-files-fingerprint.js';
import { requireValidation } from '../require-validation.js';
import { resizeAndCrop } from '../resize-crop.js';

/** How a pixel becomes a number: `(pixel / 255 - mean) / std`, per channel of the model's input. */
interface PixelRule {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Order of the channels that the model takes, and of `mean` and `std`. */
  readonly order: 'rgb' | 'bgr';
}

/**
 * The conventions that published ImageNet networks were trained with; https://keras.io calls the first, third
 * and fourth "tf", "torch" and "caffe".
 */
const PIXEL_RULES = {
  'minus-one-to-one': { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], order: 'rgb' },
  'zero-to-one': { mean: [0, 0, 0], std: [1, 1, 1], order: 'rgb' },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: 'rgb' },
  caffe: {
    mean: [103.939 / 255, 116.779 / 255, 123.68 / 255],
    std: [1 / 255, 1 / 255, 1 / 255],
    order: 'bgr',
  },
} as const satisfies Record<string, PixelRule>;
const PIXEL_RULE_NAMES = Object.keys(PIXEL_RULES) as (keyof typeof PIXEL_RULES)[];

const options = z.strictObject({
  dir: z.string().describe('Folder of the data set; the other paths start from it.'),
  train: z
    .string()
    .default('train')
    .describe(
      'Training images: a folder of class folders, or a list file with a line "path/image.jpg" or "path/image.jpg class" per image.',
    ),
  test: z.string().default('val').describe('Test images, in the same form.'),
  classes: z
    .string()
    .optional()
    .describe(
      'File with one class folder\'s name per line, in the order of the model\'s outputs. The folders of "train", sorted, when absent.',
    ),
  validation: z
    .number()
    .min(0)
    .refine((value) => value < 1 || Number.isInteger(value), 'a share below 1, or a whole number of images')
    .default(0.1)
    .describe(
      'Training images held out for validation: a share below 1, or a count. Chosen by a hash of their paths, so always the same ones.',
    ),
  resize: z
    .int()
    .positive()
    .default(256)
    .describe('Images are resized so that their shorter side has so many pixels.'),
  crop: z
    .int()
    .positive()
    .default(224)
    .describe('Then the square of so many pixels is cut out of the centre: the input size of the model.'),
  normalize: z
    .union([
      z.enum(PIXEL_RULE_NAMES),
      z.strictObject({
        mean: z.array(z.number()).length(3).describe('Mean per channel, of pixels scaled to 0..1.'),
        std: z.array(z.number().positive()).length(3).describe('Standard deviation per channel.'),
        order: z.enum(['rgb', 'bgr']).default('rgb').describe('Order of the channels.'),
      }),
    ])
    .describe(
      'What the model was trained with: minus-one-to-one (MobileNet, Inception of Keras), zero-to-one, imagenet (PyTorch), caffe (VGG, ResNet of Keras: BGR less the mean), or mean, std and order.',
    ),
});
type Options = z.infer<typeof options>;

/**
 * Images in files: ImageNet's usual layout, `<dir>/train/<class>/<image>.jpg`, or lists of files. Files are
 * decoded when they are read, so a data set may be larger than the memory. Training images get the same
 * centre crop as the others; a fine-tune's augmentation comes on top.
 */
export const imageFolder = definePlugin({
  name: '@tersor/datasets',
  kind: 'dataset',
  id: 'image-folder',
  core: '>=0.1.0 <1.0.0',
  description: 'JPEG and PNG files in class folders or lists, as ImageNet',
  options,
  scalings: {
    ...Object.fromEntries(PIXEL_RULE_NAMES.map((name) => [name, { normalize: name }])),
    '0 to 255': { normalize: { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255], order: 'rgb' } },
  },
  create: async (given: Options, { directory }) => {
    const dir = resolve(directory, given.dir);
    if (!existsSync(dir))
      throw new TersorError('DATASET_INVALID', `The folder ${dir} does not exist.`, {
        hint: 'Point "dataset.dir" at the folder that holds "train" and "test".',
      });
    if (given.crop > given.resize) {
      throw new TersorError(
        'DATASET_INVALID',
        `A crop of ${given.crop} pixels does not fit into images whose shorter side is resized to ${given.resize}.`,
        { hint: 'Raise "dataset.resize" or lower "dataset.crop".' },
      );
    }
    const train = resolve(dir, given.train);
    const classNames =
      given.classes === undefined
        ? await classesOfFolder(train)
        : await readClassNames(resolve(dir, given.classes));
    const trainEntries = await readEntries(train, classNames);
    const testEntries = await readEntries(resolve(dir, given.test), classNames);
    requireDistinct(trainEntries, testEntries);
    const rule: PixelRule =
      typeof given.normalize === 'string' ? PIXEL_RULES[given.normalize] : given.normalize;
    return lazyDataset(
      { ...holdOut(trainEntries, given.validation), test: testEntries },
      classNames,
      given,
      rule,
    );
  },
});

async function classesOfFolder(train: string): Promise<string[]> {
  if (existsSync(train) && !(await isFolder(train))) {
    throw new TersorError(
      'DATASET_INVALID',
      `${train} is a list of images, which does not give the order of the classes.`,
      { hint: 'Name a file with one class per line in "dataset.classes".' },
    );
  }
  const names = await classFolders(train);
  if (names.length < 2)
    throw new TersorError('DATASET_INVALID', `${train} has only one class folder, ${names[0]}.`, {
      hint: 'There should be a folder per class.',
    });
  return names;
}

/**
 * Refuses an image that is given twice: it would be tested on after it was trained on, or be held out and
 * trained on.
 */
function requireDistinct(train: readonly ImageEntry[], test: readonly ImageEntry[]): void {
  const seen = new Set<string>();
  for (const { path } of [...train, ...test]) {
    if (seen.has(path))
      throw new TersorError('DATASET_INVALID', `${path} is given twice.`, {
        hint: 'An image may be in one of "train" and "test" only, and once.',
      });
    seen.add(path);
  }
}

/**
 * Splits training images into two. Images with the lowest hashes are held out: a choice that looks random, is
 * the same in every run and on every machine, and hardly changes when images are added.
 */
function holdOut(
  entries: readonly ImageEntry[],
  validation: number,
): { train: ImageEntry[]; validation: ImageEntry[] } {
  const count = validation < 1 ? Math.floor(validation * entries.length) : validation;
  requireValidation(count, entries.length);
  const hashes = entries.map(({ key }) => createHash('sha256').update(key).digest('hex'));
  const order = entries.map((_, i) => i).sort((a, b) => (hashes[a]! < hashes[b]! ? -1 : 1));
  const held = new Set(order.slice(0, count));
  return { train: entries.filter((_, i) => !held.has(i)), validation: entries.filter((_, i) => held.has(i)) };
}

function lazyDataset(
  splits: Record<Split, readonly ImageEntry[]>,
  classNames: readonly string[],
  { resize, crop }: Options,
  { mean, std, order }: PixelRule,
): Dataset {
  const scale = std.map((value) => 1 / (255 * value));
  const shift = mean.map((value, c) => value / std[c]!);
  const values = crop * crop * 3;
  const readInto = async (images: Float32Array, { path }: ImageEntry): Promise<void> => {
    const pixels = resizeAndCrop(decodeImage(await readBytes(path), path), resize, crop);
    for (let i = 0; i < values; i += 3) {
      for (let c = 0; c < 3; c++)
        images[i + c] = pixels[i + (order === 'bgr' ? 2 - c : c)]! * scale[c]! - shift[c]!;
    }
  };
  return {
    id: 'image-folder',
    imageShape: [crop, crop, 3],
    classNames,
    padValue: shift.map((value) => -value),
    preprocessing: { size: [crop, crop], resize, mean, std, order },
    size: (split) => splits[split].length,
    read: async (split, indexes): Promise<LabelledImages> => {
      const entries = indexes.map((index) => {
        const entry = splits[split][index];
        if (!entry)
          throw new TersorError(
            'DATASET_INVALID',
            `Data set "image-folder" has ${splits[split].length} ${split} images; image ${index} was requested.`,
          );
        return entry;
      });
      const images = new Float32Array(entries.length * values);
      for (const [n, entry] of entries.entries())
        await readInto(images.subarray(n * values, (n + 1) * values), entry);
      return { images, labels: Int32Array.from(entries, ({ label }) => label) };
    },
    fingerprint: () => imageFilesFingerprint(splits, [classNames, resize, crop, mean, std, order]),
  };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TersorError('DATASET_INVALID', `${path} cannot be read.`, {
      cause,
      hint: 'It was there when the data set was opened.',
    });
  }
}
