import { messageOf, TersorError } from '@tersor/core';
import { unzipSync } from 'fflate';

/** Largest part of an archive that is unpacked, in bytes: weights, and JSON. */
const LIMITS: Readonly<Record<string, number>> = {
  'config.json': 2 ** 26,
  'metadata.json': 2 ** 20,
  'model.weights.h5': 2 ** 31 - 1,
};
/** More bytes than deflate can make of one. */
const MOST_INFLATED = 1040;
/** Bytes beyond which a part must be as dense as weights are: numbers hardly deflate, and Keras does not. */
const LARGE = 2 ** 28;
const DENSE = 8;

/** The most bytes that so many packed ones may become. */
function mostOf(packed: number): number {
  return Math.min(packed * MOST_INFLATED, Math.max(LARGE, packed * DENSE));
}

/** The parts of a `.keras` archive that are read, by name. */
export type KerasArchive = Readonly<Record<string, Uint8Array>>;

/**
 * Unpacks a `.keras` archive. No part takes more memory than it says it has, and none may say more than its
 * packed bytes can give. Throws `MODEL_INVALID`.
 */
export function openArchive(bytes: Uint8Array, origin: string): KerasArchive {
  const sizes = new Map<string, number>();
  try {
    const parts = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        const limit = Object.hasOwn(LIMITS, name) ? LIMITS[name] : undefined;
        if (limit === undefined) return false;
        if (sizes.has(name)) throw new Error(`${name} is in it twice.`);
        if (size > bytes.length || originalSize > Math.min(limit, mostOf(size)))
          throw new Error(`${name} should have ${originalSize} bytes, of ${size} packed ones.`);
        sizes.set(name, originalSize);
        return true;
      },
    });
    for (const [name, size] of sizes)
      if (parts[name]!.length !== size)
        throw new Error(`${name} has ${parts[name]!.length} of ${size} bytes.`);
    return parts;
  } catch (cause) {
    throw new TersorError('MODEL_INVALID', `${origin} is no whole .keras archive: ${messageOf(cause)}`, {
      cause,
      hint: 'It is damaged or was cut off while it was copied: copy it again.',
    });
  }
}
