import type { Dataset, LabelledImages, Split } from '../contracts/dataset.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded } from './guarded.js';
import { isArrayOf, listOfNumbers } from './values.js';
import { elementCount } from '../tensors/element-count.js';
import { firstNotFinite } from '../tensors/finite.js';

/**
 * A data set that keeps to its contract: as many finite pixels and labels as were asked for, labels that are
 * classes.
 */
export function guardDataset(culprit: Culprit, dataset: Dataset): Dataset {
  const { imageShape, classNames, padValue } = dataset;
  const shape = listOfNumbers(imageShape);
  if (shape?.length !== 3 || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw misbehaved(culprit, 'imageShape', 'height, width and channels, whole and above 0', imageShape);
  }
  if (!Array.isArray(classNames) || classNames.length < 2)
    throw misbehaved(culprit, 'classNames', 'two or more names', classNames);
  const pad = listOfNumbers(padValue);
  if (pad?.length !== shape[2] || !pad.every(Number.isFinite))
    throw misbehaved(culprit, 'padValue', `${shape[2]} finite numbers`, padValue);
  return guarded(culprit, dataset, {
    now: {
      size: (result, split) => {
        if (typeof result !== 'number' || !Number.isInteger(result) || result < 0)
          throw misbehaved(culprit, `size('${split}')`, 'a whole number', result);
        return result;
      },
    },
    later: {
      read: (result, split, indexes) =>
        checkedImages(culprit, result, split, indexes, elementCount(shape), classNames.length),
      fingerprint: (result) => {
        if (typeof result !== 'string' || result === '')
          throw misbehaved(culprit, 'fingerprint', 'a text that is not empty', result);
        return result;
      },
    },
  });
}

function checkedImages(
  culprit: Culprit,
  result: unknown,
  split: Split,
  indexes: readonly number[],
  pixels: number,
  classes: number,
): LabelledImages {
  const count = indexes.length;
  const { images, labels } = (result ?? {}) as Partial<LabelledImages>;
  const member = (name: string) => `${name} of read('${split}')`;
  if (!isArrayOf('Float32Array', images) || images.length !== count * pixels) {
    throw misbehaved(
      culprit,
      member('images'),
      `a Float32Array of ${count * pixels} values (${count} images)`,
      images,
    );
  }
  const bad = firstNotFinite(images);
  if (bad !== undefined)
    throw misbehaved(
      culprit,
      `${member('images')}, image ${indexes[Math.floor(bad / pixels)]},`,
      'finite pixels',
      images[bad],
    );
  const list = ArrayBuffer.isView(labels) ? labels : listOfNumbers(labels);
  if (list?.length !== count) throw misbehaved(culprit, member('labels'), `${count} class indexes`, labels);
  for (let i = 0; i < count; i++) {
    const label = list[i]!;
    const isClass = Number.isInteger(label) && label >= 0 && label < classes;
    if (!isClass)
      throw misbehaved(
        culprit,
        `${member('labels')}, image ${indexes[i]},`,
        `class indexes from 0 to ${classes - 1}`,
        label,
      );
  }
  return {
    ...(result as LabelledImages),
    labels: isArrayOf('Int32Array', list) ? list : Int32Array.from(list),
  };
}
