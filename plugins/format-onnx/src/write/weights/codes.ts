import type { CodebookTensor, EncodedTensor, LinearTensor } from '@tersor/core';
import { Refusal } from '@tersor/network';
import { bytesOf, TYPES, type Draft, type ElementType } from '../draft.js';

/** A quantized weight array to write. */
export interface CodeSite {
  readonly draft: Draft;
  readonly name: string;
  readonly tensor: EncodedTensor;
  /** For each element of the constant, its index in the array; and the constant's shape. */
  readonly indexes: Int32Array;
  readonly shape: readonly number[];
  /** Whether the layer's input is rounded too, so that a runtime can multiply in integers. */
  readonly integer: boolean;
}

/** Small integers, in the smallest type that holds them. */
interface Stored {
  readonly name: string;
  readonly type: ElementType;
}

/**
 * Writes the packed codes of a weight array, and the operators that compute its values from them, exactly as
 * `decodeTensor` does. For a layer that multiplies in floats these are Cast, Sub, Mul and Gather, which
 * runtimes compute once, when they load the file. For a layer that multiplies in integers it is a
 * DequantizeLinear, which runtimes look for there; elsewhere they would compute it in every run.
 */
export function codedWeights(site: CodeSite): string {
  const { draft, tensor } = site;
  const values = tensor.codec === 'linear' ? linear(site, tensor) : codebook(site, tensor);
  if (draft.precision === 'float32') return values;
  return draft.cast(values, `${site.name}/half`, 'float16');
}

function linear(site: CodeSite, tensor: LinearTensor): string {
  const { draft, name, indexes, shape } = site;
  const groups = groupsOf(site);
  const scale = Float32Array.from(groups.members, (group) => tensor.scale[group]!);
  const zero = Float32Array.from(groups.members, (group) => tensor.zero[group]!);
  // One bit has its zero between the two codes, so codes are doubled and steps halved to get integers.
  const whole = tensor.zero.every(Number.isInteger);
  const factor = whole ? 1 : 2;
  const groupOf = groupIndex(tensor);
  const levels = Int32Array.from(
    indexes,
    (index) => factor * tensor.codes[index]! - factor * tensor.zero[groupOf(index)]!,
  );
  const isSmall = tensor.zero.every((each) => Number.isInteger(2 * each)) && fits(levels, -128, 127);
  if (site.integer && isSmall) {
    const stored = smallest(site, levels);
    const bytes = stored.type === 'int8' ? stored.name : draft.cast(stored.name, `${name}/int8`, 'int8');
    const steps = scale.map((each) => each / factor);
    return draft.node(
      'DequantizeLinear',
      name,
      [bytes, draft.floats(`${name}/scale`, groups.axis < 0 ? [] : [steps.length], steps)],
      groups.axis < 0 ? {} : { axis: { int: groups.axis } },
    );
  }
  const sizes = shape.map((size, axis) => (axis === groups.axis ? size : 1));
  const perGroup = groups.axis < 0 ? [] : sizes.slice(groups.axis);
  const isSigned = whole && fits(levels, -(2 ** roomOf(tensor.bits)) / 2, 2 ** roomOf(tensor.bits) / 2 - 1);
  const codes = isSigned
    ? smallest(site, levels)
    : smallest(
        site,
        Int32Array.from(indexes, (index) => tensor.codes[index]!),
      );
  const floats = draft.cast(codes.name, `${name}/floats`, 'float32');
  const centred = isSigned
    ? floats
    : draft.node('Sub', `${name}/centred`, [floats, draft.floats(`${name}/zero`, perGroup, zero)]);
  return draft.node('Mul', name, [centred, draft.floats(`${name}/scale`, perGroup, scale)]);
}

function codebook(site: CodeSite, tensor: CodebookTensor): string {
  const { draft, name, indexes, shape } = site;
  const groups = groupsOf(site);
  const codes = smallest(
    site,
    Int32Array.from(indexes, (index) => tensor.codes[index]!),
  );
  const places = draft.cast(codes.name, `${name}/places`, 'int32');
  const size = 2 ** tensor.bits;
  const book = draft.floats(`${name}/codebook`, [tensor.codebook.length], tensor.codebook);
  if (groups.axis < 0) return draft.node('Gather', name, [book, places]);
  const starts = Int32Array.from(groups.members, (group) => group * size);
  const perGroup = shape.slice(groups.axis).map((length, i) => (i === 0 ? length : 1));
  const offset = draft.tensor(`${name}/starts`, 'int32', perGroup, bytesOf(starts));
  const moved = draft.node('Add', `${name}/moved`, [places, offset]);
  return draft.node('Gather', name, [book, moved]);
}

/** The axis of the constant along which groups change (-1: a single group), and the group of each index. */
function groupsOf({ tensor, indexes, shape }: CodeSite): { axis: number; members: Int32Array } {
  if (tensor.axis < 0) return { axis: -1, members: Int32Array.of(0) };
  const groupOf = groupIndex(tensor);
  for (const [axis, size] of shape.entries()) {
    const inner = shape.slice(axis + 1).reduce((product, each) => product * each, 1);
    const members = new Int32Array(size).fill(-1);
    const isAlong = indexes.every((index, place) => {
      const at = Math.floor(place / inner) % size;
      const group = groupOf(index);
      if (members[at] === -1) members[at] = group;
      return members[at] === group;
    });
    if (isAlong) return { axis, members };
  }
  throw new Refusal('has codes in groups that lie along no axis of its ONNX weights');
}

/** The group of each element of an encoded array. */
function groupIndex({ axis, shape }: EncodedTensor): (index: number) => number {
  if (axis < 0) return () => 0;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const size = shape[axis]!;
  return (index) => Math.floor(index / inner) % size;
}

/** Adds integers as a constant of the smallest type that holds all of them. */
function smallest({ draft, name, shape }: CodeSite, values: Int32Array): Stored {
  const type = (['uint2', 'int2', 'uint4', 'int4', 'uint8', 'int8'] as const).find((each) => {
    const room = 2 ** TYPES[each].bits;
    return each.startsWith('u') ? fits(values, 0, room - 1) : fits(values, -room / 2, room / 2 - 1);
  })!;
  return { name: draft.tensor(`${name}/codes`, type, shape, packed(values, TYPES[type].bits)), type };
}

/** The bits that ONNX needs for codes of this width: 2, 4 or 8. */
function roomOf(bits: number): number {
  return bits <= 2 ? 2 : bits <= 4 ? 4 : 8;
}

function fits(values: Int32Array, least: number, most: number): boolean {
  return values.every((value) => value >= least && value <= most);
}

/** Packs integers of 2, 4 or 8 bits, the first one in the lowest bits of a byte. */
function packed(values: Int32Array, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const bytes = new Uint8Array(Math.ceil(values.length / perByte));
  const mask = 2 ** bits - 1;
  for (let i = 0; i < values.length; i++)
    bytes[Math.floor(i / perByte)]! |= (values[i]! & mask) << (bits * (i % perByte));
  return bytes;
}
