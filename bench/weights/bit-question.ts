// What the heuristic of bits is asked, for a network that a bench has opened: the layers' packed sizes, and
// the room that one bit width for all layers takes, or any other.
import { encodedSize, encodeGraph, type StageCalibration } from '@tersor/compression';
import type { BitQuestion } from '@tersor/core';
import type { OpenNetwork } from './open-network.js';

export const [FEWEST, MOST] = [2, 8] as const;

/**
 * Bytes of each layer's codes, as a search has them: by layer, then by bits (0 to `MOST`; none below
 * `FEWEST`).
 */
export function sizesOf(
  { graph, layers }: Pick<OpenNetwork, 'graph' | 'layers'>,
  { quantizer }: Pick<StageCalibration, 'quantizer'>,
): number[][] {
  const sizes = layers.map(() => [] as number[]);
  for (let bits = FEWEST; bits <= MOST; bits++) {
    const encoded = encodeGraph(quantizer, graph, Object.fromEntries(layers.map((layer) => [layer, bits])));
    for (const [name, tensor] of encoded) {
      const layer = layers.findIndex((each) => name.startsWith(`${each}/`));
      sizes[layer]![bits] = (sizes[layer]![bits] ?? 0) + encodedSize(tensor);
    }
  }
  return sizes;
}

/** Bytes of all codes at these bits. */
export function bytesOf(sizes: readonly (readonly number[])[], bits: readonly number[]): number {
  return sizes.reduce((sum, size, layer) => sum + size[bits[layer]!]!, 0);
}

/**
 * The question with `room` bytes for the codes. Every layer's inputs have to be known: the error of weights
 * is not asked.
 */
export function bitQuestion(
  { graph, layers }: Pick<OpenNetwork, 'graph' | 'layers'>,
  sizes: readonly (readonly number[])[],
  room: number,
): BitQuestion {
  const of = (bits: readonly number[]) => bytesOf(sizes, bits);
  return {
    layers: layers.map((layer) => graph.layers.find(({ name }) => name === layer)!),
    bits: [FEWEST, MOST],
    bytes: (layer, bits) => sizes[layer]![bits]!,
    error: () => NaN,
    limits: [{ name: 'bytes', limit: room, of }],
    used: (bits) => of(bits) / room,
    fits: (bits) => of(bits) <= room,
  };
}
