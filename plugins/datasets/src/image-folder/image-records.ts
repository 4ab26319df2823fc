import { createHash } from 'node:crypto';
import { TersorError, type Dataset, type LabelledImages, type Split } from '@tersor/core';
import { holdOut } from '../hold-out.js';
import { requireValidation } from '../require-validation.js';

/** Images in memory as bytes, with labels, before they are split. */
export interface ImageRecords {
  /** Height, width, channels. */
  readonly shape: readonly [number, number, number];
  /** Pixels of all images, 0..255. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  /** `planar`: each image is channel after channel (CIFAR); `interleaved`: NHWC (IDX). */
  readonly layout: 'planar' | 'interleaved';
}

/** How pixels become numbers: `(pixel / 255 - mean) / std`, per channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

interface RecordsDatasetOptions {
  readonly id: string;
  readonly classNames: readonly string[];
  readonly train: ImageRecords;
  readonly test: ImageRecords;
  /** Training records that are the validation split (`holdOut` says which); a tenth of them when absent. */
  readonly validation?: number | undefined;
  readonly normalization: Normalization;
}

/**
 * A data set over records in memory. The validation split is held out of the training records: always the
 * same ones, never trained on. Throws `DATASET_INVALID` for labels outside the classes or a validation split
 * that leaves no training images.
 */
export function recordsDataset({
  id,
  classNames,
  train,
  test,
  validation = Math.floor(train.labels.length / 10),
  normalization,
}: RecordsDatasetOptions): Dataset {
  requireValidation(validation, train.labels.length, `Data set "${id}": `);
  for (const [name, records] of [
    ['training', train],
    ['test', test],
  ] as const) {
    const wrong = records.labels.findIndex((label) => label >= classNames.length);
    if (wrong >= 0) {
      throw new TersorError(
        'DATASET_INVALID',
        `Data set "${id}": ${name} record ${wrong} has label ${records.labels[wrong]}, but there are ${classNames.length} classes (0..${classNames.length - 1}).`,
      );
    }
  }
  const held = holdOut(train.labels, classNames.length, validation);
  const splits: Record<Split, { records: ImageRecords; positions: readonly number[] }> = {
    train: { records: train, positions: held.train },
    validation: { records: train, positions: held.validation },
    test: { records: test, positions: Array.from(test.labels.keys()) },
  };
  const { mean, std } = normalization;
  return {
    id,
    imageShape: train.shape,
    classNames,
    padValue: mean.map((value, c) => (0 - value) / std[c]!),
    preprocessing: { size: [train.shape[0], train.shape[1]], mean, std, order: 'rgb' },
    size: (split) => splits[split].positions.length,
    read: async (split, indexes) => {
      const { records, positions } = splits[split];
      const outside = indexes.find((index) => positions[index] === undefined);
      if (outside !== undefined)
        throw new TersorError(
          'DATASET_INVALID',
          `Data set "${id}" has ${positions.length} ${split} images; image ${outside} was requested.`,
        );
      return readRecords(
        records,
        indexes.map((index) => positions[index]!),
        normalization,
      );
    },
    fingerprint: async () => {
      const hash = createHash('sha256').update(
        JSON.stringify([
          train.shape,
          test.shape,
          train.layout,
          test.layout,
          classNames,
          validation,
          normalization,
        ]),
      );
      for (const { pixels, labels } of [train, test]) hash.update(pixels).update(labels);
      return hash.digest('hex');
    },
  };
}

function readRecords(
  { shape, pixels, labels, layout }: ImageRecords,
  indexes: readonly number[],
  { mean, std }: Normalization,
): LabelledImages {
  const [height, width, channels] = shape;
  const area = height * width;
  const images = new Float32Array(indexes.length * area * channels);
  const scale = std.map((value) => 1 / (255 * value));
  const shift = mean.map((value, c) => value / std[c]!);
  indexes.forEach((index, n) => {
    const from = index * area * channels;
    const to = n * area * channels;
    for (let c = 0; c < channels; c++) {
      const [start, stride] = layout === 'planar' ? [from + c * area, 1] : [from + c, channels];
      for (let p = 0; p < area; p++)
        images[to + p * channels + c] = pixels[start + p * stride]! * scale[c]! - shift[c]!;
    }
  });
  return { images, labels: Int32Array.from(indexes, (index) => labels[index]!) };
}
