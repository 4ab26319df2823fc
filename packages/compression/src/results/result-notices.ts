import { grouped, percent, type Dataset, type LayerGraph } from '@tersor/core';
import { weightSlots } from '@tersor/network';
import type { NetworkFigures } from './pipeline-types.js';

/**
 * Points of test accuracy from which on a loss is warned of: the published results of this method lose less
 * than one.
 */
const MUCH = 5;

/** How good a guess is. */
export interface Guessing {
  readonly classes: number;
  readonly images: number;
}

/** Of the test images of a data set. */
export function guessingAt(dataset: Dataset): Guessing {
  return { classes: dataset.classNames.length, images: dataset.size('test') };
}

/**
 * What is said before a search of an original network that does no better than guessing; undefined for a
 * better one.
 */
export function originalNotice({ accuracy }: NetworkFigures, guessing: Guessing): string | undefined {
  if (!isGuessing(accuracy.test, guessing)) return undefined;
  return `The original network is right on ${percent(accuracy.test)} of the test images, no better than guessing among ${guessing.classes} classes: the images, or how they are prepared, may not be those that it was trained on.`;
}

interface Outcome {
  readonly baseline: NetworkFigures;
  readonly compressed: NetworkFigures;
  readonly original: LayerGraph;
  readonly guessing: Guessing;
}

/**
 * What a result's reader should not overlook: a loss of 5 points of test accuracy and more, an accuracy that
 * guessing reaches (that of one in so many classes, and two standard errors), and sizes that are not of the
 * same kind.
 */
export function resultNotices({ baseline, compressed, original, guessing }: Outcome): string[] {
  const lost = 100 * (baseline.accuracy.test - compressed.accuracy.test);
  const from = `${percent(baseline.accuracy.test)} to ${percent(compressed.accuracy.test)}`;
  const notices: string[] = [];
  if (isGuessing(compressed.accuracy.test, guessing) && !isGuessing(baseline.accuracy.test, guessing)) {
    notices.push(
      `Warning: the compressed network is no better than guessing among ${guessing.classes} classes: its test accuracy fell from ${from}. ${REMEDY}`,
    );
  } else if (lost >= MUCH) {
    notices.push(`Warning: the test accuracy fell by ${lost.toFixed(2)} points, from ${from}. ${REMEDY}`);
  }
  const floats = 4 * weightSlots(original).reduce((sum, { weight }) => sum + weight.data.length, 0);
  if (baseline.bytes < floats) {
    notices.push(
      `The original's files store their weights in fewer than 4 bytes each: ${grouped(baseline.bytes)} bytes, which are ${grouped(floats)} as float32. pruned/ and model/ are float32 and may be larger for that; model.tersor is ` +
        'the small one, and "tersor export --as uint8" writes the others as small. Shares and ratios of bytes are of the files of the original as they are.',
    );
  }
  return notices;
}

const REMEDY = 'Raise the budgets, search longer, or fine-tune for more epochs.';

/** Two standard errors of the accuracy of guesses are within what luck explains. */
function isGuessing(accuracy: number, { classes, images }: Guessing): boolean {
  const chance = 1 / classes;
  return accuracy <= chance + 2 * Math.sqrt((chance * (1 - chance)) / images);
}
