import { readFile } from 'node:fs/promises';
import type { LayerGraph } from '@tersor/core';
import { PREAMBLE_BYTES, SECTION_HEAD_BYTES } from '@tersor/runtime';
import { weightSlots } from '../graph/graph-weights.js';
import { packedFormat } from './packed-format.js';
import type { ModelFile } from './read-network.js';

/**
 * Bytes of each layer's weight sections in a packed file, checksums included. The sections follow the header
 * in the order of `weightSlots` (docs/format.md).
 */
export function packedBytes(graph: LayerGraph, packed: Uint8Array): Map<string, number> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const sectionAt = (offset: number) => SECTION_HEAD_BYTES + view.getUint32(offset, true);
  const bytes = new Map<string, number>();
  let offset = PREAMBLE_BYTES + sectionAt(PREAMBLE_BYTES);
  for (const { layer } of weightSlots(graph)) {
    bytes.set(layer.name, (bytes.get(layer.name) ?? 0) + sectionAt(offset));
    offset += sectionAt(offset);
  }
  return bytes;
}

/**
 * The same for a model on disk whose network has been read; undefined for formats that do not store layers
 * separately. Throws the error of the file system.
 */
export async function layerBytes(
  { format, path }: ModelFile,
  graph: LayerGraph,
): Promise<Map<string, number> | undefined> {
  return format.id === packedFormat.id ? packedBytes(graph, await readFile(path)) : undefined;
}
