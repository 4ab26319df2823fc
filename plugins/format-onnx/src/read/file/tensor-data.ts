import type { TensorProto } from 'onnx-buf' with { 'resolution-mode': 'import' };
import { elementCount, float16Value, TersorError } from '@tersor/core';
import type { Constant } from './onnx-model.js';
import { damaged } from './damage.js';

/** Most values of one tensor: more do not fit into a file of 2 GB, the most that protobuf allows. */
const MAX_VALUES = 2 ** 31;

/** How values of a type are stored in `raw_data`, little-endian. */
interface Stored {
  readonly name: string;
  readonly bits: number;
  readonly type: Constant['type'];
  /** The value at an index; for types below a byte, the lowest bits of a byte come first. */
  readonly at: (view: DataView, index: number) => number;
  /** Decodes a value of `int32_data`, if it is not the value itself. */
  readonly fromInteger?: (value: number) => number;
}

/** Types by their number in the schema. */
const TYPES: Readonly<Record<number, Stored>> = {
  1: { name: 'FLOAT', bits: 32, type: 'float', at: (view, i) => view.getFloat32(4 * i, true) },
  2: { name: 'UINT8', bits: 8, type: 'integer', at: (view, i) => view.getUint8(i) },
  3: { name: 'INT8', bits: 8, type: 'integer', at: (view, i) => view.getInt8(i) },
  4: { name: 'UINT16', bits: 16, type: 'integer', at: (view, i) => view.getUint16(2 * i, true) },
  5: { name: 'INT16', bits: 16, type: 'integer', at: (view, i) => view.getInt16(2 * i, true) },
  6: { name: 'INT32', bits: 32, type: 'integer', at: (view, i) => view.getInt32(4 * i, true) },
  7: { name: 'INT64', bits: 64, type: 'integer', at: (view, i) => Number(view.getBigInt64(8 * i, true)) },
  9: { name: 'BOOL', bits: 8, type: 'boolean', at: (view, i) => Math.min(1, view.getUint8(i)) },
  10: {
    name: 'FLOAT16',
    bits: 16,
    type: 'float',
    at: (view, i) => float16Value(view.getUint16(2 * i, true)),
    fromInteger: float16Value,
  },
  11: { name: 'DOUBLE', bits: 64, type: 'float', at: (view, i) => view.getFloat64(8 * i, true) },
  12: { name: 'UINT32', bits: 32, type: 'integer', at: (view, i) => view.getUint32(4 * i, true) },
  13: { name: 'UINT64', bits: 64, type: 'integer', at: (view, i) => Number(view.getBigUint64(8 * i, true)) },
  16: {
    name: 'BFLOAT16',
    bits: 16,
    type: 'float',
    at: (view, i) => fromBrain(view.getUint16(2 * i, true)),
    fromInteger: fromBrain,
  },
  21: packed('UINT4', 4, false),
  22: packed('INT4', 4, true),
  25: packed('UINT2', 2, false),
  26: packed('INT2', 2, true),
};

/**
 * Reads the values of a tensor. `external` has its bytes if they are in another file. Checks sizes before
 * anything is allocated. Throws `MODEL_INVALID`.
 */
export function constantOf(tensor: TensorProto, external?: Uint8Array): Constant {
  const what = `the tensor "${tensor.name}"`;
  const stored = TYPES[tensor.dataType];
  if (!stored)
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `It has values of the type ${tensor.dataType} in ${what}; numbers of up to 64 bits are read.`,
    );
  const dims = tensor.dims.map(Number);
  const size = checkedSize(dims, what);
  const raw = external ?? (tensor.rawData.byteLength > 0 ? tensor.rawData : undefined);
  const bytes = Math.ceil((size * stored.bits) / 8);
  const found = raw ? raw.byteLength : listed(tensor, stored).length;
  const expected = raw ? bytes : stored.bits < 8 ? bytes : size;
  if (found !== expected && !(size === 0 && found === 0))
    throw damaged(
      `${what} of the shape [${dims.join(', ')}] and type ${stored.name} has ${found} ${raw ? 'bytes' : 'values'}, not ${expected}.`,
    );
  const data = stored.type === 'float' ? new Float32Array(size) : new Float64Array(size);
  if (raw) readInto(data, raw, stored);
  else if (stored.bits < 8) readInto(data, Uint8Array.from(listed(tensor, stored)), stored);
  else {
    const { fromInteger = (value: number) => value } = stored;
    listed(tensor, stored).forEach((value, i) => (data[i] = fromInteger(Number(value))));
  }
  return { kind: 'constant', type: stored.type, stored: stored.name, dims, data };
}

/** Number of values of a shape. Throws `MODEL_INVALID` for sizes that no file can have. */
function checkedSize(dims: readonly number[], what: string): number {
  const size = elementCount(dims);
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || !(size <= MAX_VALUES))
    throw damaged(`${what} has the shape [${dims.join(', ')}].`);
  return size;
}

function readInto(data: Float32Array | Float64Array, raw: Uint8Array, { name, at }: Stored): void {
  if (name === 'FLOAT') {
    // Copy, because floats in memory must be aligned, which bytes in the file need not be.
    new Uint8Array(data.buffer).set(raw);
    return;
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i < data.length; i++) data[i] = at(view, i);
}

/** Values that are stored one by one in the message. */
function listed(tensor: TensorProto, { name }: Stored): readonly (number | bigint)[] {
  if (name === 'FLOAT') return tensor.floatData;
  if (name === 'DOUBLE') return tensor.doubleData;
  if (name === 'INT64') return tensor.int64Data;
  return name === 'UINT32' || name === 'UINT64' ? tensor.uint64Data : tensor.int32Data;
}

function packed(name: string, bits: number, isSigned: boolean): Stored {
  const each = 8 / bits;
  const at = (view: DataView, i: number) => {
    const code = (view.getUint8(Math.floor(i / each)) >> (bits * (i % each))) & (2 ** bits - 1);
    return isSigned && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  };
  return { name, bits, type: 'integer', at };
}

/** Decodes a bfloat16, the upper half of a float32. */
function fromBrain(code: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, code * 0x10000);
  return view.getFloat32(0);
}
