import { corrupt, unsupported } from './artifact-error.js';
import { CODEC, CODING, NO_AXIS, TABLE } from './format.js';
import { decodeInWasm } from '../coding/decode-in-wasm.js';
import { RangeDecoder } from '../coding/range-decoder.js';
import { sliceCount, transferCodes } from '../coding/transfer-codes.js';

const { fround } = Math;

/** A section's body and the position up to which it has been read. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Most coded decisions per byte: each costs at least log2(32768/32767) bits, so a byte holds fewer than 2^18.
 * A decision of the slice map covers a whole slice. A section that declares more is damaged, which is
 * detected before memory is allocated for it.
 */
const DECISIONS_PER_BYTE = 2 ** 18;

/**
 * Decodes the body of a weight section to float32 values that equal the encoder's bit for bit. Needs at most
 * 6 bytes per weight (4 for the value and 2 for its slice), plus twice the bytes of tables in half precision.
 * Throws `ARTIFACT_CORRUPT`, or `ARTIFACT_UNSUPPORTED` for a codec or coding that this version does not have.
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
  const { table, zero, ...section } = readHead(cursor, codec, shape);
  const values = new Float32Array(count);
  // The codes are stored in the last quarter of the values' memory: value i is written after code i was read,
  // and never overwrites a later code.
  const codes = new Uint8Array(values.buffer, 3 * count, count);
  readCodes(body.subarray(cursor.at), codes, section);
  if (zero) linearValues(values, codes, table, zero, shape, section.axis);
  else codebookValues(values, codes, table, section.bits, shape, section.axis);
  return values;
}

/** The codes of a weight section and the table of their values (see `decodeCodes`). */
export type DecodedCodes = {
  readonly shape: readonly number[];
  readonly bits: number;
  /** -1: one group for the whole array. */
  readonly axis: number;
  readonly codes: Uint8Array;
} & (
  | { readonly codec: 'linear'; readonly scale: Float32Array; readonly zero: Float32Array }
  | { readonly codec: 'codebook'; readonly codebook: Float32Array }
);

/**
 * The integer codes of a weight section: value i is `(codes[i] - zero[g]) * scale[g]`, or `codebook[g *
 * 2^bits + codes[i]]`, where g is the index along `axis`. `undefined` if the section holds floats. Throws
 * like `decodeWeights`.
 */
export function decodeCodes(body: Uint8Array, shape: readonly number[]): DecodedCodes | undefined {
  const cursor: Cursor = { bytes: body, at: 0 };
  const codec = readByte(cursor);
  if (codec === CODEC.float32 || codec === CODEC.float16) return undefined;
  const { table, zero, ...section } = readHead(cursor, codec, shape);
  const codes = new Uint8Array(shape.reduce((product, size) => product * size, 1));
  readCodes(body.subarray(cursor.at), codes, section);
  const axis = section.axis === NO_AXIS ? -1 : section.axis;
  const groups = axis < 0 ? 1 : shape[axis]!;
  const all = (values: Float32Array) =>
    values.length === groups ? values : new Float32Array(groups).fill(values[0]!);
  const shared = { shape, bits: section.bits, axis, codes };
  return zero
    ? { ...shared, codec: 'linear', scale: all(table), zero: all(zero) }
    : { ...shared, codec: 'codebook', codebook: table };
}

/** Reads what comes between the codec and the codes of a section. */
function readHead(
  cursor: Cursor,
  codec: number,
  shape: readonly number[],
): CodeSection & { readonly table: Float32Array; readonly zero: Float32Array | undefined } {
  if (codec !== CODEC.linear && codec !== CODEC.codebook) throw unsupported(`Unknown codec ${codec}.`);
  const bits = readByte(cursor);
  const axis = readByte(cursor);
  const coding = readByte(cursor);
  if (bits < 1 || bits > 8) throw corrupt(`Codes of ${bits} bits.`);
  if (axis !== NO_AXIS && axis >= shape.length)
    throw corrupt(`Groups along axis ${axis} of an array of rank ${shape.length}.`);
  const groups = axis === NO_AXIS ? 1 : shape[axis]!;
  const table = codec === CODEC.linear ? readTable(cursor, groups) : readCodebook(cursor, groups * 2 ** bits);
  const zero = codec === CODEC.linear ? readTable(cursor, groups) : undefined;
  const reference = zero ? linearReferences(zero, bits) : codebookReferences(table, bits, groups);
  return { shape, axis, bits, coding, reference, table, zero };
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
  for (let i = 0; i < count; i++)
    values[i] = half ? halfValue(view.getUint16(2 * i, true)) : view.getFloat32(4 * i, true);
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

/**
 * Reads scales or zeros: all of them in single or half precision, or one value for all. The latter is not
 * expanded, so that a few bytes cannot cause a large allocation.
 */
function readTable(cursor: Cursor, count: number): Float32Array {
  if (cursor.bytes[cursor.at] !== TABLE.constant) return readCodebook(cursor, count);
  cursor.at++;
  return readFloats(cursor, 1, false);
}

/**
 * Reads a code book with values in single or half precision. One value for all is not allowed, since then a
 * few bytes could cause a large allocation.
 */
function readCodebook(cursor: Cursor, count: number): Float32Array {
  const kind = readByte(cursor);
  if (kind !== TABLE.float32 && kind !== TABLE.float16) throw unsupported(`Unknown kind of table ${kind}.`);
  return readFloats(cursor, count, kind === TABLE.float16);
}

/** The code nearest to zero, rounded down, in each group; a single code if there is a single zero. */
export function linearReferences(zero: Float32Array, bits: number): Uint8Array {
  const codes = new Uint8Array(zero.length);
  for (let group = 0; group < codes.length; group++)
    codes[group] = Math.max(0, Math.min(2 ** bits - 1, Math.floor(zero[group]!) || 0));
  return codes;
}

/** The code whose value is nearest to zero in each group; the first if there are several. */
export function codebookReferences(codebook: Float32Array, bits: number, groups: number): Uint8Array {
  const size = 2 ** bits;
  const codes = new Uint8Array(groups);
  for (let group = 0; group < groups; group++) {
    let best = 0;
    for (let code = 1; code < size; code++) {
      if (Math.abs(codebook[group * size + code]!) < Math.abs(codebook[group * size + best]!)) best = code;
    }
    codes[group] = best;
  }
  return codes;
}

/**
 * Reference code of each slice. If groups are along an axis before the last two, a slice has several; then
 * the first group's is used.
 */
export function sliceReferences(reference: Uint8Array, shape: readonly number[], axis: number): Uint8Array {
  const slices = new Uint8Array(sliceCount(shape));
  if (reference.length === 1) return slices.fill(reference[0]!);
  const columns = shape.at(-1) ?? 1;
  const fromEnd = axis === NO_AXIS ? 0 : shape.length - axis;
  for (let slice = 0; slice < slices.length; slice++) {
    const group = fromEnd === 1 ? slice % columns : fromEnd === 2 ? Math.floor(slice / columns) : 0;
    slices[slice] = reference[group]!;
  }
  return slices;
}

interface CodeSection {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly bits: number;
  readonly coding: number;
  /** Reference code of each group, or one for all. */
  readonly reference: Uint8Array;
}

/** Decodes a payload into `codes`. */
function readCodes(
  payload: Uint8Array,
  codes: Uint8Array,
  { shape, axis, bits, coding, reference }: CodeSection,
): void {
  const method = coding & CODING.methodMask;
  const sliceMap = (coding & CODING.sliceMap) !== 0;
  if (coding > 7 || method > CODING.spatial || (method === CODING.packed && sliceMap))
    throw unsupported(`Unknown coding ${coding}.`);
  if (method === CODING.packed) return unpackBits(payload, bits, codes);
  const decisions = sliceMap ? sliceCount(shape) : codes.length;
  if (decisions > DECISIONS_PER_BYTE * (payload.length + 4))
    throw corrupt('The coded weights are too short for their shape.');
  const spatial = method === CODING.spatial;
  // Only spatial contexts and the slice map use the slices' references.
  const slices = spatial || sliceMap ? sliceReferences(reference, shape, axis) : new Uint8Array(0);
  const layout = { shape, bits, spatial, sliceMap, reference: slices };
  if (decodeInWasm(payload, codes, layout)) return;
  const decoder = new RangeDecoder(payload);
  transferCodes(decoder, codes, layout);
  decoder.finish();
}

/** Unpacks codes of `bits` bits each, lowest bit first. */
function unpackBits(payload: Uint8Array, bits: number, codes: Uint8Array): void {
  const count = codes.length;
  if (payload.length !== Math.ceil((count * bits) / 8))
    throw corrupt('The packed codes do not have the length that their shape asks for.');
  for (let i = 0, at = 0; i < count; i++, at += bits) {
    const pair = payload[at >> 3]! | ((payload[(at >> 3) + 1] ?? 0) << 8);
    codes[i] = (pair >> (at & 7)) & (2 ** bits - 1);
  }
}

/** A row-major array as runs of `inner` elements: of each group in turn, over and over. */
function runsOf(shape: readonly number[], axis: number, count: number): { groups: number; inner: number } {
  if (axis === NO_AXIS) return { groups: 1, inner: count };
  return { groups: shape[axis]!, inner: shape.slice(axis + 1).reduce((product, size) => product * size, 1) };
}

function linearValues(
  values: Float32Array,
  codes: Uint8Array,
  scale: Float32Array,
  zero: Float32Array,
  shape: readonly number[],
  axis: number,
): void {
  const scales = scale.length > 1 ? 1 : 0;
  const zeros = zero.length > 1 ? 1 : 0;
  const { groups, inner } = runsOf(shape, axis, values.length);
  // No function is called for a run: where groups lie along the last axis, each weight is one.
  for (let from = 0; from < values.length; )
    for (let group = 0; group < groups; group++) {
      const step = scale[scales * group]!;
      const origin = zero[zeros * group]!;
      for (const to = from + inner; from < to; from++) values[from] = fround(codes[from]! - origin) * step;
    }
}

function codebookValues(
  values: Float32Array,
  codes: Uint8Array,
  codebook: Float32Array,
  bits: number,
  shape: readonly number[],
  axis: number,
): void {
  const { groups, inner } = runsOf(shape, axis, values.length);
  for (let from = 0; from < values.length; )
    for (let group = 0; group < groups; group++) {
      const base = group << bits;
      for (const to = from + inner; from < to; from++) values[from] = codebook[base + codes[from]!]!;
    }
}
