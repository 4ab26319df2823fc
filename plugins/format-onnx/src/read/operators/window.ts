import { Refusal, sameSides, type Pads, type Pair } from '@tersor/network';
import { optionalIntegers, text } from '../attributes.js';
import type { OnnxNode } from '../file/onnx-model.js';

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
    return sizes.map((size, i) =>
      sameSides(size, reach[i]!, strides[i]!, mode === 'SAME_LOWER' ? 'begin' : 'end'),
    ) as unknown as Pads;
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
