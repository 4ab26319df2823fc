import { elementCount, TersorError, type EncodedTensor } from '@tersor/core';
import {
  CODEC,
  codebookReferences,
  CODING,
  linearReferences,
  NO_AXIS,
  sliceReferences,
  TABLE,
  transferCodes,
  type CodeLayout,
} from '@tersor/runtime';
import { concatBytes, float16Bytes, float32Bytes } from './byte-writer.js';
import { RangeEncoder } from './range-encoder.js';

/** Body of the section of a weight array that is not quantized: half precision where that loses nothing. */
export function rawSection(data: Float32Array): Uint8Array {
  const half = float16Bytes(data);
  return half
    ? concatBytes([Uint8Array.of(CODEC.float16), half])
    : concatBytes([Uint8Array.of(CODEC.float32), float32Bytes(data)]);
}

/**
 * Body of the section of an encoded tensor, in the smallest of the codings that the format has, or with
 * `plain` in `bits` bits per code. Throws `PLAN_MISMATCH` for a malformed one.
 */
export function encodedSection(tensor: EncodedTensor, plain = false): Uint8Array {
  requireConsistent(tensor);
  const groups = groupCount(tensor);
  const { bits, shape } = tensor;
  const axis = tensor.axis < 0 ? NO_AXIS : tensor.axis;
  const linear = tensor.codec === 'linear';
  const tables = linear
    ? [tableBytes(tensor.scale), tableBytes(tensor.zero)]
    : [codebookBytes(tensor.codebook)];
  const reference = () =>
    sliceReferences(
      linear ? linearReferences(tensor.zero, bits) : codebookReferences(tensor.codebook, bits, groups),
      shape,
      axis,
    );
  const packed = { coding: CODING.packed as number, payload: packBits(tensor.codes, bits) };
  const { coding, payload } = plain ? packed : smallestCoding(tensor, reference(), packed);
  return concatBytes([
    Uint8Array.of(linear ? CODEC.linear : CODEC.codebook, bits, axis, coding),
    ...tables,
    payload,
  ]);
}

/** The codes of an array, and the byte that says how they are coded. */
interface Coded {
  readonly coding: number;
  readonly payload: Uint8Array;
}

/** Codes by every coding that can pay off, and keeps the smallest. */
function smallestCoding(tensor: EncodedTensor, reference: Uint8Array, packed: Coded): Coded {
  const { codes, shape, bits } = tensor;
  let best = packed;
  // Neighbours in the plane exist only where slices have more than one weight; a map pays only where some
  // slice is empty.
  const plane = shape.length > 2 && codes.length > reference.length;
  const maps = plane && hasEmptySlice(codes, reference) ? [true, false] : [false];
  for (const sliceMap of maps) {
    for (const spatial of plane ? [true, false] : [false]) {
      const layout: CodeLayout = { shape, bits, spatial, sliceMap, reference };
      const encoder = new RangeEncoder();
      transferCodes(encoder, codes, layout);
      const payload = encoder.finish();
      const coding = (spatial ? CODING.spatial : CODING.order0) | (sliceMap ? CODING.sliceMap : 0);
      if (payload.length < best.payload.length) best = { coding, payload };
    }
  }
  return best;
}

function hasEmptySlice(codes: Uint8Array, reference: Uint8Array): boolean {
  const slices = reference.length;
  const full = new Uint8Array(slices);
  for (let start = 0; start < codes.length; start += slices) {
    for (let slice = 0; slice < slices; slice++)
      if (codes[start + slice] !== reference[slice]) full[slice] = 1;
  }
  return full.includes(0);
}

/** Codes of `bits` bits each, lowest bit first. */
function packBits(codes: Uint8Array, bits: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((codes.length * bits) / 8));
  for (let i = 0, at = 0; i < codes.length; i++, at += bits) {
    const pair = codes[i]! << (at & 7);
    packed[at >> 3]! |= pair & 255;
    if (pair > 255) packed[(at >> 3) + 1]! |= pair >> 8;
  }
  return packed;
}

function tableBytes(values: Float32Array): Uint8Array {
  if (values.length > 1 && values.every((value) => Object.is(value, values[0]))) {
    return concatBytes([Uint8Array.of(TABLE.constant), float32Bytes(values.subarray(0, 1))]);
  }
  return codebookBytes(values);
}

function codebookBytes(values: Float32Array): Uint8Array {
  const half = float16Bytes(values);
  return half
    ? concatBytes([Uint8Array.of(TABLE.float16), half])
    : concatBytes([Uint8Array.of(TABLE.float32), float32Bytes(values)]);
}

function groupCount({ axis, shape }: EncodedTensor): number {
  return axis < 0 ? 1 : (shape[axis] ?? 0);
}

/** What a quantizer of someone else's may get wrong, said before it makes a file that no one can read. */
function requireConsistent(tensor: EncodedTensor): void {
  const { shape, bits, axis, codes } = tensor;
  const groups = groupCount(tensor);
  const tables =
    tensor.codec === 'linear'
      ? [tensor.scale.length, tensor.zero.length]
      : [tensor.codebook.length / 2 ** bits];
  const wrong =
    !Number.isInteger(bits) || bits < 1 || bits > 8
      ? `codes of ${bits} bits`
      : axis >= shape.length
        ? `axis ${axis} of shape ${shape.join('x')}`
        : codes.length !== elementCount(shape)
          ? `${codes.length} codes for shape ${shape.join('x')}`
          : tables.some((length) => length !== groups)
            ? `tables of ${tables.join(' and ')} groups for ${groups} groups`
            : codes.some((code) => code >= 2 ** bits)
              ? `a code beyond ${bits} bits`
              : undefined;
  if (wrong)
    throw new TersorError('PLAN_MISMATCH', `An encoded tensor is malformed: ${wrong}.`, {
      hint: 'The quantizer plugin that made it is at fault.',
    });
}
