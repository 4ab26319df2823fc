import { TersorError, type Dataset, type LabelledImages, type Split } from '@tersor/core';

const SIZES: Readonly<Record<Split, number>> = { train: 6, validation: 4, test: 4 };
const OFFSETS: Readonly<Record<Split, number>> = { train: 0, validation: 100, test: 200 };

/** The simplest right data set: images of 1 x 2 pixels that hold their own number. */
export function correctDataset(): Dataset {
  return {
    id: 'fake',
    imageShape: [1, 2, 1],
    classNames: ['even', 'odd'],
    padValue: [0],
    size: (split) => SIZES[split],
    read: async (split, indexes) => {
      const outside = indexes.find((index) => index < 0 || index >= SIZES[split]);
      if (outside !== undefined)
        throw new TersorError('DATASET_INVALID', `There is no image ${outside} in ${split}.`);
      return {
        images: Float32Array.from(indexes.flatMap((index) => [OFFSETS[split] + index, 1])),
        labels: Int32Array.from(indexes, (index) => index % 2),
      };
    },
  };
}

/** Data sets that break one promise each, by the name of the case that must catch them. */
export function brokenDatasets(): Record<string, () => Dataset> {
  const broken = (change: (good: Dataset) => Partial<Dataset>) => () => {
    const good = correctDataset();
    return { ...good, ...change(good) };
  };
  const reading = (
    change: (images: LabelledImages, split: Split, indexes: readonly number[]) => LabelledImages,
  ) =>
    broken((good) => ({
      read: async (split, indexes) => change(await good.read(split, indexes), split, indexes),
    }));
  let reads = 0;
  let made = 0;
  return {
    'describes its images and classes': broken(() => ({ padValue: [0, 0, 0] })),
    'has training images': broken((good) => ({
      size: (split) => (split === 'train' ? 0 : good.size(split)),
    })),
    'reads as many images and labels as were requested': reading(({ images, labels }) => ({
      images: images.subarray(1),
      labels,
    })),
    'labels are indexes of its classes': reading(({ images, labels }) => ({
      images,
      labels: labels.map((label) => label + 1),
    })),
    'an image is the same in any order and in any instance': reading(({ images, labels }) => ({
      images: images.map((value) => value + 0.5 * ++reads),
      labels,
    })),
    'keeps the splits apart': reading(({ images, labels }, split) => ({
      images: images.map((value, i) => (i % 2 === 0 ? value - OFFSETS[split] : value)),
      labels,
    })),
    'gives the same fingerprint for the same data, if it gives one': () => ({
      ...correctDataset(),
      fingerprint: (
        (n) => async () =>
          String(n)
      )(++made),
    }),
    'refuses positions outside of a split with DATASET_INVALID': broken((good) => ({
      read: (split, indexes) =>
        good.read(
          split,
          indexes.map((index) => index % SIZES[split]),
        ),
    })),
  };
}
