/** Constants of the packed format; docs/format.md describes it byte by byte. */

/** First bytes of a file. As in PNG, they reveal transfers that strip bit 7 or change line endings. */
export const MAGIC = Uint8Array.of(0x89, 0x54, 0x52, 0x53, 0x52, 0x0d, 0x0a, 0x1a);

/** Format version that this code reads and writes. */
export const VERSION = 1;

/** Magic, then the version as one byte. */
export const PREAMBLE_BYTES = MAGIC.length + 1;

/** Bytes of a section before its body: length (uint32) and CRC (uint32), little-endian. */
export const SECTION_HEAD_BYTES = 8;

/** First byte of a weight section. */
export const CODEC = { float32: 0, float16: 1, linear: 2, codebook: 3 } as const;

/** How a table of floats (scales, zeros, code book) is stored. */
export const TABLE = { float32: 0, float16: 1, constant: 2 } as const;

/** Bits of the byte that describes how codes are stored. */
export const CODING = {
  /** Bits 0-1. */
  packed: 0,
  order0: 1,
  spatial: 2,
  methodMask: 3,
  /** Bit 2: a map of slices that are all zero comes first, and their codes are left out. */
  sliceMap: 4,
} as const;

/** Most bytes of the inflated header. */
export const MAX_HEADER_BYTES = 1 << 24;

/** Deepest nesting of arrays and objects in the header: nested models take 4 levels each. */
export const MAX_JSON_DEPTH = 256;

/**
 * Most arrays and objects in the header, since each needs memory no matter how few bytes it has in the file.
 */
export const MAX_JSON_CONTAINERS = 1 << 20;

/**
 * Weights that a file may declare in any case, and further ones that it may declare per byte. A coded array
 * of zeros can be arbitrarily short, so any limit is a choice: real networks with 99% of their slices empty
 * stay below it, and a small file cannot cause a large allocation. A writer that would exceed it stores plain
 * codes.
 */
export const FREE_WEIGHTS = 1 << 22;
export const WEIGHTS_PER_BYTE = 1 << 10;

/** Longest name of a weight, in UTF-16 units. */
export const MAX_NAME_LENGTH = 1024;

/** Largest rank of a weight array. */
export const MAX_RANK = 8;

/** Axis byte of an array that is one group. */
export const NO_AXIS = 255;
