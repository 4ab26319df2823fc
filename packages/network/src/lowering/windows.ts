import { Refusal } from './lowered-layer.js';

/** Values for rows and columns. */
export type Pair = readonly [number, number];

/** Padding: rows before and after an image, columns before and after. */
export type Pads = readonly [Pair, Pair];

/** Whether there is no padding. */
export function isNothing(pads: Pads): boolean {
  return pads.flat().every((pad) => pad === 0);
}

/**
 * The padding of one axis with which a window of length `reach` has `length / stride` positions, rounded up.
 * If it is odd, the extra one goes to the end, as in TensorFlow, or to the beginning.
 */
export function sameSides(length: number, reach: number, stride: number, odd: 'end' | 'begin' = 'end'): Pair {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  const less = Math.floor(total / 2);
  return odd === 'end' ? [less, total - less] : [total - less, less];
}

/** The Keras name of a padding; `undefined` if it has none. */
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
 * Number of positions of a window along an axis; `undefined` if the axis has an open length. Throws `Refusal`
 * if the window does not fit.
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
