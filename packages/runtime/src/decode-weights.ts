import { corrupt, unsupported } from './artifact-error.js';
import { CODEC, CODING, NO_AXIS, TABLE } from './format.js';
import { RangeDecoder } from './range-decoder.js';
import { sliceCount, transferCodes } from './transfer-codes.js';

const { fround } = Math;

/** A section's body as it is read from front to back. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Decisions that one byte can hold: each costs at least log2(32768/32767) bits, so a byte holds under 2^18 of them, and a
 * decision of the slice map stands for a whole slice. What is declared beyond that is a lie, found before memory is taken for it.
 */
const DECISIONS_PER_BYTE = 2 ** 18;

/**
 * Decodes the body of a weight section to the float32 values that the encoder meant, bit for bit.
 * Throws `ARTIFACT_CORRUPT`, or `ARTIFACT_UNSUPPORTED` for a codec or coding that is not of this version.
 */
export function decodeWeights(body: Uint8Array, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  const cursor: Cursor = { bytes: body, at: 0 };
  const codec = readByte(cursor);
  if (codec === CODEC.float32 || codec === CODEC.float16) {
    const values = readFloats(cursor, count, codec === CODEC.float16);
    if (cursor.at !== body.length) throw corrupt('A weight section is longer than its shape asks for.');
    return values;
  }
  if (codec !== CODEC.linear && codec !== CODEC.codebook) throw unsupported(`Unknown codec ${codec}.`);
  const bits = readByte(cursor);
  const axis = readByte(cursor);
  const coding = readByte(cursor);
  if (bits < 1 || bits > 8) throw corrupt(`Codes of ${bits} bits.`);
  if (axis !== NO_AXIS && axis >= shape.length) throw corrupt(`Groups along axis ${axis} of an array of rank ${shape.length}.`);
  const groups = axis === NO_AXIS ? 1 : shape[axis]!;
  const table = codec === CODEC.linear ? readTable(cursor, groups) : readCodebook(cursor, groups * 2 ** bits);
  const zero = codec === CODEC.linear ? readTable(cursor, groups) : undefined;
  const reference = zero ? linearReferences(zero, bits) : codebookReferences(table, bits, groups);
  const codes = readCodes(body.subarray(cursor.at), shape, bits, coding, count, sliceReferences(reference, shape, axis));
  return zero ? linearValues(codes, table, zero, shape, axis) : codebookValues(codes, table, bits, shape, axis);
}

function readByte(cursor: Cursor): number {
  if (cursor.at >= cursor.bytes.length) throw corrupt('A weight section ends too early.');
  return cursor.bytes[cursor.at++]!;
}

function readFloats(cursor: Cursor, count: number, half: boolean): Float32Array<ArrayBuffer> {
  const size = half ? 2 : 4;
  const { bytes, at } = cursor;
  if (count * size > bytes.length - at) throw corrupt('A weight section ends too early.');
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, count * size);
  cursor.at += count * size;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = half ? halfValue(view.getUint16(2 * i, true)) : view.getFloat32(4 * i, true);
  return values;
}

/** Value of an IEEE 754 half. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** Scales or zeros: all of them in single or half precision, or one value for all. */
function readTable(cursor: Cursor, count: number): Float32Array {
  if (cursor.bytes[cursor.at] !== TABLE.constant) return readCodebook(cursor, count);
  cursor.at++;
  return new Float32Array(count).fill(readFloats(cursor, 1, false)[0]!);
}

/** A code book: its values in single or half precision. Never one value for all, which would let a few bytes ask for 256 values a weight. */
function readCodebook(cursor: Cursor, count: number): Float32Array {
  const kind = readByte(cursor);
  if (kind !== TABLE.float32 && kind !== TABLE.float16) throw unsupported(`Unknown kind of table ${kind}.`);
  return readFloats(cursor, count, kind === TABLE.float16);
}

/** Code nearest to zero, rounded down, in each group. */
export function linearReferences(zero: Float32Array, bits: number): Uint8Array {
  return Uint8Array.from(zero, (code) => Math.max(0, Math.min(2 ** bits - 1, Math.floor(code) || 0)));
}

/** Code whose value is nearest to zero in each group; the first of several. */
export function codebookReferences(codebook: Float32Array, bits: number, groups: number): Uint8Array {
  const size = 2 ** bits;
  return Uint8Array.from({ length: groups }, (_, group) => {
    let best = 0;
    for (let code = 1; code < size; code++) {
      if (Math.abs(codebook[group * size + code]!) < Math.abs(codebook[group * size + best]!)) best = code;
    }
    return best;
  });
}

/** Reference code of each slice. Groups along an axis before the last two do not tell slices apart: the first group's counts. */
export function sliceReferences(reference: Uint8Array, shape: readonly number[], axis: number): Uint8Array {
  const slices = new Uint8Array(sliceCount(shape));
  const columns = shape.at(-1) ?? 1;
  const fromEnd = axis === NO_AXIS ? 0 : shape.length - axis;
  for (let slice = 0; slice < slices.length; slice++) {
    const group = fromEnd === 1 ? slice % columns : fromEnd === 2 ? Math.floor(slice / columns) : 0;
    slices[slice] = reference[group]!;
  }
  return slices;
}

function readCodes(
  payload: Uint8Array,
  shape: readonly number[],
  bits: number,
  coding: number,
  count: number,
  reference: Uint8Array,
): Uint8Array {
  const method = coding & CODING.methodMask;
  const sliceMap = (coding & CODING.sliceMap) !== 0;
  if (coding > 7 || method > CODING.spatial || (method === CODING.packed && sliceMap)) throw unsupported(`Unknown coding ${coding}.`);
  if (method === CODING.packed) return unpackBits(payload, bits, count);
  const decisions = sliceMap ? reference.length : count;
  if (decisions > DECISIONS_PER_BYTE * (payload.length + 4)) throw corrupt('The coded weights are too short for their shape.');
  const codes = new Uint8Array(count);
  const layout = { shape, bits, spatial: method === CODING.spatial, sliceMap, reference };
  const decoder = new RangeDecoder(payload);
  transferCodes(decoder, codes, layout);
  decoder.finish();
  return codes;
}

/** Codes of `bits` bits each, lowest bit first. */
function unpackBits(payload: Uint8Array, bits: number, count: number): Uint8Array {
  if (payload.length !== Math.ceil((count * bits) / 8)) throw corrupt('The packed codes do not have the length that their shape asks for.');
  const codes = new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++, at += bits) {
    const pair = payload[at >> 3]! | ((payload[(at >> 3) + 1] ?? 0) << 8);
    codes[i] = (pair >> (at & 7)) & (2 ** bits - 1);
  }
  return codes;
}

/** Steps through the groups of a row-major array: `visit(group, from, to)` for each run of elements of one group. */
function eachRun(shape: readonly number[], axis: number, count: number, visit: (group: number, from: number, to: number) => void): void {
  if (axis === NO_AXIS) return visit(0, 0, count);
  const groups = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  for (let from = 0, group = 0; from < count; from += inner, group = group + 1 === groups ? 0 : group + 1) visit(group, from, from + inner);
}

function linearValues(codes: Uint8Array, scale: Float32Array, zero: Float32Array, shape: readonly number[], axis: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  eachRun(shape, axis, codes.length, (group, from, to) => {
    const step = scale[group]!;
    const origin = zero[group]!;
    for (let i = from; i < to; i++) values[i] = fround(codes[i]! - origin) * step;
  });
  return values;
}

function codebookValues(codes: Uint8Array, codebook: Float32Array, bits: number, shape: readonly number[], axis: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  eachRun(shape, axis, codes.length, (group, from, to) => {
    const base = group << bits;
    for (let i = from; i < to; i++) values[i] = codebook[base + codes[i]!]!;
  });
  return values;
}
