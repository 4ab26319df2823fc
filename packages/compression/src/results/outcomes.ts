import { createHash } from 'node:crypto';
import type { Answers } from '../training/evaluator.js';

/**
 * `outcomes.json`: which test images the networks get right, so that two runs can be compared image by
 * image.
 */
export interface Outcomes {
  /** Test images. */
  readonly count: number;
  /** Hash of their labels in their order: the same for the same images. */
  readonly images: string;
  /** One bit for each image, the first in the lowest bit of the first byte: 1 for right. Base64. */
  readonly baseline: string;
  readonly compressed: string;
}

/** The outcomes of the original network and of the final one, on the same images. */
export function outcomesOf(baseline: Answers, compressed: Answers): Outcomes {
  const { labels } = baseline;
  const images = createHash('sha256')
    .update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))
    .digest('hex')
    .slice(0, 16);
  return {
    count: labels.length,
    images,
    baseline: packBits(baseline.right),
    compressed: packBits(compressed.right),
  };
}

/** Packs zeros and ones. */
export function packBits(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i]) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes.toString('base64');
}

/** Reads what `packBits` wrote; undefined where it holds fewer bits than `count`. */
export function unpackBits(text: string, count: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== Math.ceil(count / 8)) return undefined;
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}
