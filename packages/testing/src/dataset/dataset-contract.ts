import { elementCount, type Dataset, type Split } from '@tersor/core';
import { requireRefusal, requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';

const SPLITS: readonly Split[] = ['train', 'validation', 'test'];

/**
 * The promises of a `Dataset`, checked on a few images of every split. `make` gives a new one, made the same
 * way each time.
 *
 * @example
 * describeContract('my data set', datasetContract(() => createDataset(options)));
 */
export function datasetContract(make: () => Dataset | Promise<Dataset>): Case[] {
  let made: Promise<Dataset> | undefined;
  const dataset = () => (made ??= Promise.resolve(make()));
  return [
    {
      name: 'describes its images and classes',
      run: async () => {
        const { imageShape, classNames, padValue } = await dataset();
        const sizes =
          imageShape.length === 3 && imageShape.every((size) => Number.isInteger(size) && size > 0);
        requireRule(sizes, {
          member: 'imageShape',
          expected: 'height, width and channels, whole and positive',
          found: JSON.stringify(imageShape),
        });
        requireRule(new Set(classNames).size === classNames.length && classNames.length > 1, {
          member: 'classNames',
          expected: 'two or more names, each once',
          found: JSON.stringify(classNames),
        });
        requireRule(padValue.length === imageShape[2] && padValue.every(Number.isFinite), {
          member: 'padValue',
          expected: `${imageShape[2]} finite numbers`,
          found: JSON.stringify(padValue),
        });
      },
    },
    {
      name: 'has training images',
      run: async () => {
        for (const split of SPLITS) {
          const size = (await dataset()).size(split);
          requireRule(Number.isInteger(size) && size >= (split === 'train' ? 1 : 0), {
            member: `size('${split}')`,
            expected: 'a whole number, above 0 for train',
            found: String(size),
          });
        }
      },
    },
    {
      name: 'reads as many images and labels as were requested',
      run: async () => {
        const instance = await dataset();
        const values = elementCount(instance.imageShape);
        for (const [split, indexes] of samples(instance)) {
          const { images, labels } = await instance.read(split, indexes);
          requireRule(images.length === indexes.length * values, {
            member: 'read',
            expected: `${indexes.length * values} pixels`,
            found: `${images.length} of ${split}`,
          });
          requireRule(labels.length === indexes.length, {
            member: 'read',
            expected: `${indexes.length} labels`,
            found: `${labels.length} of ${split}`,
          });
          requireRule(images.every(Number.isFinite), {
            member: 'read',
            expected: 'finite pixels',
            found: `${images.find((value) => !Number.isFinite(value))} in ${split}`,
          });
        }
      },
    },
    {
      name: 'labels are indexes of its classes',
      run: async () => {
        const instance = await dataset();
        for (const [split, indexes] of samples(instance)) {
          const wrong = (await instance.read(split, indexes)).labels.find(
            (label) => !Number.isInteger(label) || label < 0 || label >= instance.classNames.length,
          );
          requireRule(wrong === undefined, {
            member: 'read',
            expected: `labels from 0 to ${instance.classNames.length - 1}`,
            found: `${wrong} in ${split}`,
          });
        }
      },
    },
    {
      name: 'an image is the same in any order and in any instance',
      run: async () => {
        const instance = await dataset();
        const other = await make();
        for (const [split, indexes] of samples(instance)) {
          const forward = await instance.read(split, indexes);
          const backward = await other.read(split, [...indexes].reverse());
          const values = forward.images.length / indexes.length;
          indexes.forEach((index, i) => {
            const at = indexes.length - 1 - i;
            const same =
              forward.labels[i] === backward.labels[at] &&
              forward.images
                .subarray(i * values, (i + 1) * values)
                .every((value, j) => value === backward.images[at * values + j]);
            requireRule(same, {
              member: 'read',
              expected: `image ${index} of ${split} as it was read before`,
              found: 'another image or label',
            });
          });
        }
      },
    },
    {
      name: 'keeps the splits apart',
      run: async () => {
        const instance = await dataset();
        const owner = new Map<string, Split>();
        for (const [split, indexes] of samples(instance)) {
          const { images } = await instance.read(split, indexes);
          const values = images.length / indexes.length;
          indexes.forEach((_, i) => {
            const key = images.subarray(i * values, (i + 1) * values).join();
            const before = owner.get(key) ?? split;
            requireRule(before === split, {
              member: 'read',
              expected: 'every image in one split only',
              found: `the same image in ${before} and ${split}`,
            });
            owner.set(key, split);
          });
        }
      },
    },
    {
      name: 'gives the same fingerprint for the same data, if it gives one',
      run: async () => {
        const [first, second] = [
          await (await dataset()).fingerprint?.(),
          await (await make()).fingerprint?.(),
        ];
        const isText = first === undefined || (typeof first === 'string' && first !== '');
        requireRule(isText, {
          member: 'fingerprint',
          expected: 'a text that is not empty',
          found: JSON.stringify(first),
        });
        requireRule(first === second, {
          member: 'fingerprint',
          expected: `${first} of another instance too`,
          found: String(second),
        });
      },
    },
    {
      name: 'refuses positions outside of a split with DATASET_INVALID',
      run: async () => {
        const instance = await dataset();
        await requireRefusal('read', 'DATASET_INVALID', () =>
          instance.read('train', [instance.size('train')]),
        );
      },
    },
  ];
}

/** The first images of each split, and its last. */
function samples(dataset: Dataset): [Split, number[]][] {
  return SPLITS.filter((split) => dataset.size(split) > 0).map((split) => {
    const size = dataset.size(split);
    return [split, [...new Set([...Array(Math.min(16, size)).keys(), size - 1])]];
  });
}
