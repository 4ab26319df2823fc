import { corrupt } from '../artifact/artifact-error.js';
import { joined } from './byte-source.js';

/** Bytes to inflate at a time without `DecompressionStream`; each byte yields at most 1,032. */
const STEP = 1024;

/**
 * Inflates a zlib stream (RFC 1950) to at most `limit` bytes, with the platform's `DecompressionStream` or,
 * if it has none (React Native), with fflate, which is loaded only then. Throws `ARTIFACT_CORRUPT`.
 */
export function inflate(body: Uint8Array, limit: number): Promise<Uint8Array> {
  return typeof DecompressionStream === 'function' ? byPlatform(body, limit) : byLibrary(body, limit);
}

async function byPlatform(body: Uint8Array, limit: number): Promise<Uint8Array> {
  const stream = new Blob([body as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    let result;
    try {
      result = await reader.read();
    } catch (cause) {
      throw corrupt('The header cannot be inflated.', cause);
    }
    if (result.done) return joined(chunks, length);
    chunks.push(result.value);
    length += result.value.length;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLong(limit);
    }
  }
}

async function byLibrary(body: Uint8Array, limit: number): Promise<Uint8Array> {
  const { Unzlib } = await import('fflate');
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  const stream = new Unzlib((chunk, final) => {
    chunks.push(chunk);
    length += chunk.length;
    ended = final;
  });
  for (let at = 0; at < body.length; at += STEP) {
    try {
      stream.push(body.subarray(at, at + STEP), at + STEP >= body.length);
    } catch (cause) {
      throw corrupt('The header cannot be inflated.', cause);
    }
    if (length > limit) throw tooLong(limit);
  }
  if (!ended) throw corrupt('The header cannot be inflated.');
  return joined(chunks, length);
}

function tooLong(limit: number): Error {
  return corrupt(`The header is longer than ${limit} bytes.`);
}
