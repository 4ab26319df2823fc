import { Refusal } from './lowered-layer.js';

/** Values for rows and columns. */
export type Pair = readonly [number, number];

/** Rows before and after an image, columns before and after. */
export type Pads = readonly [Pair, Pair];

/** Whether nothing is added. */
export function isNothing(pads: Pads): boolean {
  return pads.flat().every((pad) => pad === 0);
}

/**
 * The padding of one axis that gives `length / stride` positions, rounded up, to a window that covers `reach`
 * of them: an odd one goes to the end, as TensorFlow has it, or to the beginning.
 */
export function sameSides(length: number, reach: number, stride: number, odd: 'end' | 'begin' = 'end'): Pair {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  const less = Math.floor(total / 2);
  return odd === 'end' ? [less, total - less] : [total - less, less];
}

/** A padding in the word that Keras has for it; `undefined` where it has none. */
export function paddingWord(
  pads: Pads,
  lengths: Pair,
  reach: Pair,
  strides: Pair,
): 'same' | 'valid' | undefined {
  if (isNothing(pads)) return 'valid';
  const isSame = pads.every(
    (sides, i) => sides.join() === sameSides(lengths[i]!, reach[i]!, strides[i]!).join(),
  );
  return isSame ? 'same' : undefined;
}

/**
 * How many positions a window has along an axis; `undefined` along one whose length is open. Throws `Refusal`
 * where it does not fit once.
 */
export function windowCount(
  length: number | undefined,
  reach: number,
  stride: number,
  padding: 'same' | Pair,
): number | undefined {
  if (length === undefined) return undefined;
  if (padding === 'same') return Math.ceil(length / stride);
  const count = Math.floor((length + padding[0] + padding[1] - reach) / stride) + 1;
  if (!(count >= 1)) throw new Refusal('has a window larger than its input');
  return count;
}
