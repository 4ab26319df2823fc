import { createHash } from 'node:crypto';
import { TersorError, type Dataset, type Split } from '@tersor/core';

const SPLITS: readonly Split[] = ['train', 'validation', 'test'];
/** Images of each split that stand for all of a data set that does not know its own fingerprint. */
const SAMPLE = 50;

/**
 * A word for a data set's content: its own `fingerprint`, or else a hash of its shapes, classes, sizes and of images spread over each split.
 * Throws `PLUGIN_INVALID` where its fingerprint is not a text, and what its `read` throws.
 */
export async function datasetFingerprint(dataset: Dataset): Promise<string> {
  const { id, imageShape, classNames, padValue } = dataset;
  if (dataset.fingerprint) {
    const own: unknown = await dataset.fingerprint();
    if (typeof own === 'string' && own !== '') return own;
    throw new TersorError('PLUGIN_INVALID', `The fingerprint of the data set "${id}" is ${JSON.stringify(own)}, not a text.`);
  }
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
