import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerGraph } from '@tersor/core';
import {
  isKernel,
  storedName,
  weightSlots,
  withWeights,
  modelJsonOf,
  writeFolder,
  type WrittenFile,
} from '@tersor/network';
import { concatBytes, float32Bytes } from './byte-writer.js';

/**
 * Size of the weight files, as tfjs's own converter cuts them: browsers fetch and cache them side by side.
 */
const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * Writes a graph as a LayersModel folder whose kernels are 8-bit by the manifest's own quantization: a
 * quarter of the bytes, and stock tfjs loads it with no decoder. Zeros stay exact; biases and batch norm stay
 * float32, since a few bytes would cost accuracy. `model.json` appears when all is there; other files of the
 * folder stay. `check` is asked before that, with the network that the file holds, and what it throws leaves
 * the folder as it was. Gives the bytes written. Throws `OUTPUT_FAILED`.
 */
export async function exportUint8(
  graph: LayerGraph,
  folder: string,
  check?: (file: WrittenFile, stored: LayerGraph) => Promise<void>,
): Promise<number> {
  const stored: Float32Array[] = [];
  const parts: Uint8Array[] = [];
  const weights = weightSlots(graph).map(({ layer, weight }) => {
    const entry = { name: storedName(layer, weight.name), shape: weight.shape, dtype: 'float32' };
    if (!isKernel(weight)) {
      parts.push(float32Bytes(weight.data));
      stored.push(weight.data);
      return entry;
    }
    const { codes, scale, min } = quantizeUint8(weight.data);
    parts.push(codes);
    stored.push(Float32Array.from(codes, (code) => code * scale + min));
    return { ...entry, quantization: { dtype: 'uint8', scale, min, original_dtype: 'float32' } };
  });
  const bytes = concatBytes(parts);
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const json = JSON.stringify({
    ...modelJsonOf(graph),
    weightsManifest: [{ paths, weights }],
  });
  await writeFolder(folder, { last: 'model.json', what: 'The 8-bit model' }, async (staging) => {
    await writeFile(join(staging, 'model.json'), json);
    for (const [i, path] of paths.entries())
      await writeFile(join(staging, path), bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
    await check?.(
      { path: join(staging, 'model.json'), name: join(folder, 'model.json') },
      withWeights(graph, stored),
    );
  });
  return bytes.length + Buffer.byteLength(json);
}

/**
 * Codes with value = code * scale + min, the manifest's formula; min is a whole number of steps, so that 0 is
 * a code's exact value.
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
