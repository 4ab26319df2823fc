import type { EncodedTensor } from '../contracts/quantizer.js';
import { elementCount } from './element-count.js';

const { floor, fround } = Math;

/**
 * The exact float32 values that an encoded tensor stands for (see `EncodedTensor` for the formulas). The
 * reader of the packed file computes the same, so that an evaluated network and the decoded file agree bit
 * for bit.
 */
export function decodeTensor(tensor: EncodedTensor): Float32Array {
  const values = new Float32Array(tensor.codes.length);
  const groupOf = groupIndex(tensor.shape, tensor.axis);
  for (let i = 0; i < values.length; i++) {
    const group = groupOf(i);
    const code = tensor.codes[i]!;
    values[i] =
      tensor.codec === 'linear'
        ? fround(code - tensor.zero[group]!) * tensor.scale[group]!
        : tensor.codebook[group * 2 ** tensor.bits + code]!;
  }
  return values;
}

/** Maps a row-major index to its position along `axis`; always 0 for axis -1. */
function groupIndex(shape: readonly number[], axis: number): (index: number) => number {
  if (axis < 0) return () => 0;
  const inner = elementCount(shape.slice(axis + 1));
  const size = shape[axis]!;
  return (index) => floor(index / inner) % size;
}
