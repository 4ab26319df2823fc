import { messageOf, TersorError } from '@tersor/core';
import { unzipSync } from 'fflate';

/** Most bytes of the unpacked parts of an archive: weights and JSON. */
const LIMITS: Readonly<Record<string, number>> = {
  'config.json': 2 ** 26,
  'metadata.json': 2 ** 20,
  'model.weights.h5': 2 ** 31 - 1,
};
/** Upper bound on the bytes that deflate can expand one byte to. */
const MOST_INFLATED = 1040;
/** Larger parts must be as dense as weights, which hardly compress; Keras does not compress them at all. */
const LARGE = 2 ** 28;
const DENSE = 8;

/** Most unpacked bytes for a number of packed ones. */
function mostOf(packed: number): number {
  return Math.min(packed * MOST_INFLATED, Math.max(LARGE, packed * DENSE));
}

/** The parts of a `.keras` archive that are read, by name. */
export type KerasArchive = Readonly<Record<string, Uint8Array>>;

/**
 * Unpacks a `.keras` archive. A part never takes more memory than the size it declares, which is limited by
 * its packed bytes. Throws `MODEL_INVALID`.
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
    throw new TersorError(
      'MODEL_INVALID',
      `${origin} is not a complete .keras archive: ${messageOf(cause)}`,
      {
        cause,
        hint: 'It is damaged or was only partly copied: copy it again.',
      },
    );
  }
}
