import { ArtifactError, corrupt, unsupported } from './artifact-error.js';
import { openSource, type ArtifactSource, type ByteSource } from '../bytes/byte-source.js';
import { crc32 } from '../bytes/crc32.js';
import { decodeHeader } from './decode-header.js';
import { decodeCodes, decodeWeights, type DecodedCodes } from './decode-weights.js';
import {
  FREE_WEIGHTS,
  MAGIC,
  PREAMBLE_BYTES,
  SECTION_HEAD_BYTES,
  VERSION,
  WEIGHTS_PER_BYTE,
} from './format.js';

/** A decoded weight array. */
export interface DecodedWeight {
  /** `layer/weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major values in their own buffer. */
  readonly data: Float32Array<ArrayBuffer>;
  /** Integer codes of the values, if requested and if the file has them. */
  readonly codes?: DecodedCodes;
}

export interface DecodedArtifact {
  /** Keras topology, as `modelTopology` of a tfjs model.json. */
  readonly topology: Record<string, unknown>;
  readonly weights: readonly DecodedWeight[];
  /**
   * The user's metadata, if any: fields of a tfjs model.json (`userDefinedMetadata`, `signature`).
   */
  readonly metadata?: Record<string, unknown>;
}

export interface DecodeOptions {
  /** Largest number of weights that a file may declare: 4 bytes of memory each. Default 2^28. */
  readonly maxWeights?: number;
  /** Whether to return the integer codes of quantized weights too, one byte each. */
  readonly codes?: boolean;
}

/**
 * Decodes a packed file, one weight array after the other as the bytes arrive. The input need not be trusted:
 * this returns what was packed or throws an `ArtifactError` (`ARTIFACT_CORRUPT`, `ARTIFACT_UNSUPPORTED`,
 * `WEIGHTS_NOT_FINITE`), in time and memory bounded by the number of bytes (docs/format.md). Errors of the
 * stream itself pass through.
 */
export async function decodeArtifact(
  source: ArtifactSource,
  options: DecodeOptions = {},
): Promise<DecodedArtifact> {
  const bytes = openSource(source);
  try {
    let crc = await readPreamble(bytes);
    let read = PREAMBLE_BYTES;
    const section = async (name: string) => {
      const { body, sum } = await readSection(bytes, crc, name);
      crc = sum;
      read += SECTION_HEAD_BYTES + body.length;
      return body;
    };
    const { weights, ...header } = await decodeHeader(await section('header'), options.maxWeights ?? 2 ** 28);
    const decoded: DecodedWeight[] = [];
    let declared = 0;
    for (const { name, shape } of weights) {
      const body = await section(name);
      declared += shape.reduce((product, size) => product * size, 1);
      if (declared > FREE_WEIGHTS + WEIGHTS_PER_BYTE * read)
        throw corrupt(`${read} bytes are too few for the ${declared} weights up to "${name}".`);
      const data = decodeWeights(body, shape);
      requireFinite(data, name);
      const codes = options.codes ? decodeCodes(body, shape) : undefined;
      decoded.push({ name, shape, data, ...(codes && { codes }) });
    }
    if (!(await bytes.ended())) throw corrupt('There are bytes after the last section.');
    return { ...header, weights: decoded };
  } finally {
    await bytes.close();
  }
}

function requireFinite(data: Float32Array, name: string): void {
  // NaN or infinity times 0 is NaN, which makes the sum NaN.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  if (sum === 0) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw new ArtifactError('WEIGHTS_NOT_FINITE', `The weight "${name}" holds ${data[at]} at position ${at}.`);
}

/** Checks magic and version; returns their CRC, from which the sections' CRCs continue. */
async function readPreamble(bytes: ByteSource): Promise<number> {
  const preamble = await bytes.take(PREAMBLE_BYTES);
  if (MAGIC.some((byte, i) => preamble[i] !== byte)) throw corrupt('This is not a .tersor file.');
  const version = preamble[MAGIC.length]!;
  if (version !== VERSION)
    throw unsupported(`Version ${version} of the format; this reader knows version ${VERSION}.`);
  return crc32(preamble);
}

/**
 * Reads the next section's body. Its CRC continues from that of all earlier bytes, so sections cannot be
 * swapped, dropped or taken from another file.
 */
async function readSection(
  bytes: ByteSource,
  previous: number,
  name: string,
): Promise<{ body: Uint8Array; sum: number }> {
  const head = await bytes.take(SECTION_HEAD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, SECTION_HEAD_BYTES);
  const length = view.getUint32(0, true);
  const expected = view.getUint32(4, true);
  const body = await bytes.take(length);
  const sum = crc32(body, crc32(head.subarray(0, 4), previous));
  if (sum !== expected) throw corrupt(`The checksum of section "${name}" is wrong.`);
  return { body, sum };
}
