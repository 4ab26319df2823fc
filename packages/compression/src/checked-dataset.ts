import { TersorError, type Dataset } from '@tersor/core';
import { firstNotFinite } from './training/loss.js';

/**
 * The same data set, whose `read` checks what it gives: as many pixels and labels as were asked for, pixels that are finite, labels that are classes. A NaN or a
 * label outside the classes would otherwise pass for a wrong answer, or spoil a training. Throws `DATASET_INVALID`, naming the image.
 */
export function checkedDataset(dataset: Dataset): Dataset {
  const { id, imageShape, classNames } = dataset;
  const pixels = imageShape.reduce((product, size) => product * size, 1);
  return {
    ...dataset,
    id,
    imageShape,
    classNames,
    padValue: dataset.padValue,
    size: (split) => dataset.size(split),
    ...(dataset.fingerprint && { fingerprint: () => dataset.fingerprint!() }),
    read: async (split, indexes) => {
      const found = await dataset.read(split, indexes);
      const { images, labels } = found;
      const invalid = (reason: string) => new TersorError('DATASET_INVALID', `Data set "${id}": ${reason}`, { hint: 'Look at this image and its label, or at the plugin that reads them.' });
      if (labels.length !== indexes.length || images.length !== pixels * indexes.length) {
        throw invalid(`${indexes.length} ${split} images of ${imageShape.join('x')} were asked for, but ${labels.length} labels and ${images.length} pixels came.`);
      }
      const wrong = firstNotFinite(images);
      if (wrong !== undefined) throw invalid(`${split} image ${indexes[Math.floor(wrong / pixels)]} has a pixel that is ${images[wrong]}.`);
      const outside = labels.findIndex((label) => !(label >= 0 && label < classNames.length));
      if (outside >= 0) throw invalid(`${split} image ${indexes[outside]} has label ${labels[outside]}, but there are ${classNames.length} classes (0 to ${classNames.length - 1}).`);
      return found;
    },
  };
}
