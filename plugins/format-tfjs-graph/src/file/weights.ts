import { float16Value } from '@tersor/core';
import { readWeightFiles, weightFiles, type WeightsManifest } from '@tersor/network';
import type { Constant } from '../value.js';

type Entry = WeightsManifest[0]['weights'][0];

/** Reads the arrays of all weight files, by the name of their node. Throws `MODEL_INVALID`. */
export async function readConstants(
  model: string,
  manifest: WeightsManifest,
): Promise<Map<string, Constant>> {
  const files = await weightFiles(model, manifest);
  const bytes = await readWeightFiles(model, files.flat());
  const found = new Map<string, Constant>();
  let at = 0;
  for (const entry of manifest.flatMap(({ weights }) => weights)) {
    const count = entry.shape.reduce((product, length) => product * length, 1);
    const { data, end } = decoded(entry, count, new DataView(bytes), at);
    const type = entry.dtype === 'int32' ? 'integer' : entry.dtype === 'bool' ? 'boolean' : 'float';
    found.set(entry.name, { kind: 'constant', type, dims: entry.shape, data });
    at = end;
  }
  return found;
}

/** Decodes one array from byte `at` on, and returns where the next one begins. */
function decoded(
  { dtype, quantization }: Entry,
  count: number,
  view: DataView,
  at: number,
): Pick<Constant, 'data'> & { end: number } {
  const stored = quantization?.dtype ?? dtype;
  const [bytes, read] = READERS[stored];
  const { scale = 1, min = 0 } = quantization ?? {};
  const isScaled = quantization !== undefined && stored !== 'float16';
  const data = dtype === 'int32' ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = read(view, at + i * bytes);
    const scaled = isScaled ? value * scale + min : value;
    // Integers stay integers.
    data[i] = dtype === 'int32' ? Math.round(scaled) : scaled;
  }
  return { data, end: at + count * bytes };
}

type Reader = readonly [bytes: number, read: (view: DataView, at: number) => number];

const READERS: Readonly<Record<Entry['dtype'], Reader>> = {
  float32: [4, (view, at) => view.getFloat32(at, true)],
  int32: [4, (view, at) => view.getInt32(at, true)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  float16: [2, (view, at) => float16Value(view.getUint16(at, true))],
  uint8: [1, (view, at) => view.getUint8(at)],
  bool: [1, (view, at) => view.getUint8(at)],
};
