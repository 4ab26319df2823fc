import { createHash } from 'node:crypto';
import type { Dataset, Split } from '@tersor/core';

const SPLITS: readonly Split[] = ['train', 'validation', 'test'];
/** Images of each split that stand for all of a data set that does not know its own fingerprint. */
const SAMPLE = 50;

/**
 * A word for a data set's content: its own `fingerprint`, or else a hash of its shapes, classes, sizes and of
 * images spread over each split. Throws what the data set throws.
 */
export async function datasetFingerprint(dataset: Dataset): Promise<string> {
  const { id, imageShape, classNames, padValue } = dataset;
  if (dataset.fingerprint) return dataset.fingerprint();
  const sizes = SPLITS.map((split) => dataset.size(split));
  const hash = createHash('sha256').update(JSON.stringify([id, imageShape, classNames, padValue, sizes]));
  for (const [i, split] of SPLITS.entries()) {
    const indexes = spread(sizes[i]!, SAMPLE);
    if (indexes.length === 0) continue;
    const { images, labels } = await dataset.read(split, indexes);
    hash.update(bytesOf(images)).update(bytesOf(labels));
  }
  return hash.digest('hex');
}

/** Up to `count` positions below `size` at equal distances, first and last among them. */
function spread(size: number, count: number): number[] {
  if (size <= count) return [...Array(size).keys()];
  return Array.from({ length: count }, (_, i) => Math.round((i * (size - 1)) / (count - 1)));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
