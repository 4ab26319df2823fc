import { constants, deflateSync } from 'node:zlib';
import { TersorError, type EncodedTensor, type LayerGraph } from '@tersor/core';
import {
  crc32,
  FREE_WEIGHTS,
  MAGIC,
  PREAMBLE_BYTES,
  SECTION_HEAD_BYTES,
  VERSION,
  WEIGHTS_PER_BYTE,
} from '@tersor/runtime';
import { storedName, weightSlots, topologyOf } from '@tersor/network';
import { concatBytes } from './byte-writer.js';
import { encodedSection, rawSection } from './encode-section.js';

/**
 * Packs a network into one file that the runtime reads (docs/format.md). `encoded` holds the quantized arrays
 * by `layer/weight`; the others are stored as the floats of `graph`, in half precision where that is exact.
 * Throws `PLAN_MISMATCH` for an array that the graph doesn't have.
 */
export function packModel(graph: LayerGraph, encoded: ReadonlyMap<string, EncodedTensor>): Uint8Array {
  const slots = weightSlots(graph).map(({ layer, weight }) => ({
    name: `${layer.name}/${weight.name}`,
    weight,
  }));
  for (const [name, { shape }] of encoded) {
    const slot = slots.find((candidate) => candidate.name === name);
    if (slot?.weight.shape.join() === shape.join()) continue;
    throw new TersorError(
      'PLAN_MISMATCH',
      `The network has no weight "${name}" of shape ${shape.join('x')}.`,
    );
  }
  const preamble = Uint8Array.of(...MAGIC, VERSION);
  let crc = crc32(preamble);
  const section = (body: Uint8Array): Uint8Array => {
    const head = new DataView(new ArrayBuffer(SECTION_HEAD_BYTES));
    head.setUint32(0, body.length, true);
    crc = crc32(body, crc32(new Uint8Array(head.buffer, 0, 4), crc));
    head.setUint32(4, crc, true);
    return concatBytes([new Uint8Array(head.buffer), body]);
  };
  const parts = [preamble, section(headerBody(graph))];
  let written = parts[0]!.length + parts[1]!.length;
  let weights = 0;
  for (const { name, weight } of slots) {
    const tensor = encoded.get(name);
    let body = tensor ? encodedSection(tensor) : rawSection(weight.data);
    weights += weight.data.length;
    // Readers refuse files that hold more weights than their bytes are worth.
    const room = FREE_WEIGHTS + WEIGHTS_PER_BYTE * (written + SECTION_HEAD_BYTES + body.length);
    if (tensor && weights > room) body = encodedSection(tensor, true);
    parts.push(section(body));
    written += SECTION_HEAD_BYTES + body.length;
  }
  return concatBytes(parts);
}

/** Bytes of the file before its first weight section. */
export function headerSize(graph: LayerGraph): number {
  return PREAMBLE_BYTES + SECTION_HEAD_BYTES + headerBody(graph).length;
}

/**
 * Exact bytes that an encoded tensor takes in the packed file: its section with length and checksum. These
 * sums, those of the arrays that are not quantized and `headerSize` make the size of the file. (But where
 * more than 2^22 weights share less than a byte for 1,024 of them: `packModel` then stores plain codes, which
 * readers ask for.)
 */
export function encodedSize(tensor: EncodedTensor): number {
  return SECTION_HEAD_BYTES + encodedSection(tensor).length;
}

/**
 * Bytes that an encoded tensor takes at least, its section head included, however well its codes compress:
 * codec, bits, axis, coding, and a table of one value.
 */
export const encodedFloor = SECTION_HEAD_BYTES + 4 + 3;

/** Exact bytes of an array that is not quantized, section head included. */
export function rawSize(data: Float32Array): number {
  return SECTION_HEAD_BYTES + rawSection(data).length;
}

function headerBody(graph: LayerGraph): Uint8Array {
  const weights = weightSlots(graph).map(({ layer, weight }) => [
    storedName(layer, weight.name),
    weight.shape,
  ]);
  const { userDefinedMetadata, signature } = graph.metadata ?? {};
  const metadata = (userDefinedMetadata ?? signature) && { userDefinedMetadata, signature };
  return deflateSync(JSON.stringify({ topology: topologyOf(graph), weights, metadata }), {
    level: constants.Z_BEST_COMPRESSION,
  });
}
