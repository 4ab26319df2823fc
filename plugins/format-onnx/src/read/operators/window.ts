import { optionalIntegers, text } from '../attributes.js';
import type { OnnxNode } from '../file/onnx-model.js';
import { Refusal } from '../refusal.js';

type Pair = readonly [number, number];

/** Rows before and after, columns before and after. */
export type Pads = readonly [Pair, Pair];

/** Whether nothing is added. */
export function isNothing(pads: Pads): boolean {
  return pads.flat().every((pad) => pad === 0);
}

/**
 * The padding of a window that covers `reach` positions, in numbers; a sequence is an image of one row.
 */
export function padsOf(node: OnnxNode, sizes: Pair, reach: Pair, strides: Pair, isRow: boolean): Pads {
  const mode = text(node, 'auto_pad', 'NOTSET');
  if (mode === 'VALID')
    return [
      [0, 0],
      [0, 0],
    ];
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER')
    return sizes.map((size, i) => sameSides(size, reach[i]!, strides[i]!, mode)) as unknown as Pads;
  if (mode !== 'NOTSET' && mode !== '') throw new Refusal(`has auto_pad = ${mode}`);
  const pads = optionalIntegers(node, 'pads') ?? (isRow ? [0, 0] : [0, 0, 0, 0]);
  if (pads.length !== (isRow ? 2 : 4)) throw new Refusal(`has the pads [${pads.join(', ')}]`);
  return isRow
    ? [
        [0, 0],
        [pads[0]!, pads[1]!],
      ]
    : [
        [pads[0]!, pads[2]!],
        [pads[1]!, pads[3]!],
      ];
}

/** Padding that gives `size / stride` results, rounded up. */
function sameSides(size: number, reach: number, stride: number, mode = 'SAME_UPPER'): Pair {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  const less = Math.floor(total / 2);
  return mode === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
}

/** The padding in the words of Keras; `undefined` where it has none for it. */
export function samePadding(
  pads: Pads,
  sizes: Pair,
  reach: Pair,
  strides: Pair,
): 'same' | 'valid' | undefined {
  if (isNothing(pads)) return 'valid';
  const isSame = pads.every(
    (sides, i) => sides.join() === sameSides(sizes[i]!, reach[i]!, strides[i]!).join(),
  );
  return isSame ? 'same' : undefined;
}
