import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerGraph } from '@tersor/core';
import { isKernel, storedName, weightSlots, withWeights } from '../graph/graph-weights.js';
import { modelJsonOf } from './model-files.js';

/**
 * Size of the weight files, the same as in tfjs's own converter: browsers fetch and cache them in parallel.
 */
const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * A network with kernels rounded to the values of 8-bit codes. Other weights are few, and stay exact.
 */
export function withUint8Kernels(graph: LayerGraph): LayerGraph {
  return withWeights(
    graph,
    weightSlots(graph).map(({ weight }) => {
      if (!isKernel(weight)) return weight.data;
      const { codes, scale, min } = quantizeUint8(weight.data);
      return Float32Array.from(codes, (code) => code * scale + min);
    }),
  );
}

/**
 * Writes the files of a LayersModel into an existing folder, kernels as 8-bit integers in the manifest's own
 * quantization: a quarter of the bytes, and stock tfjs loads it. Zeros stay exact; biases and batch norms
 * stay float32. The file holds the network `withUint8Kernels`. Throws the error of the file system.
 */
export async function writeUint8Files(graph: LayerGraph, folder: string): Promise<void> {
  const parts: Uint8Array[] = [];
  const weights = weightSlots(graph).map(({ layer, weight }) => {
    const entry = { name: storedName(layer, weight.name), shape: weight.shape, dtype: 'float32' };
    if (!isKernel(weight)) {
      parts.push(new Uint8Array(weight.data.buffer, weight.data.byteOffset, weight.data.byteLength));
      return entry;
    }
    const { codes, scale, min } = quantizeUint8(weight.data);
    parts.push(codes);
    return { ...entry, quantization: { dtype: 'uint8', scale, min, original_dtype: 'float32' } };
  });
  const bytes = Buffer.concat(parts);
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const json = { ...modelJsonOf(graph), weightsManifest: [{ paths, weights }] };
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
  for (const [i, path] of paths.entries())
    await writeFile(join(folder, path), bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
}

/**
 * Codes with value = code * scale + min, the manifest's formula; min is a multiple of the scale, so that 0
 * has an exact code.
 */
function quantizeUint8(data: Float32Array): { codes: Uint8Array; scale: number; min: number } {
  let least = 0;
  let most = 0;
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const scale = most > least ? (most - least) / 255 : 1;
  const zero = Math.round(-least / scale);
  const codes = Uint8Array.from(data, (value) =>
    Math.max(0, Math.min(255, zero + Math.round(value / scale))),
  );
  return { codes, scale, min: -zero * scale };
}
