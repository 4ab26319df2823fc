import { corrupt } from '../artifact/artifact-error.js';

/** Source of the bytes of a packed file: all at once, or a stream. */
export type ArtifactSource = Uint8Array | ArrayBuffer | ByteStream;

/** The part of a `ReadableStream<Uint8Array>` that is used. */
export interface ByteStream {
  getReader(): ByteReader;
}

/** The part of a stream's reader that is used. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

/** Reads a source from front to back. Buffers only bytes that have arrived but have not been taken. */
export interface ByteSource {
  /** Waits for the next `count` bytes. Throws `ARTIFACT_CORRUPT` if the source ends before that. */
  take(count: number): Promise<Uint8Array>;
  /** Whether all bytes were taken; waits until that is known. */
  ended(): Promise<boolean>;
  /** Releases the source, even before its end. */
  close(): Promise<void>;
}

/** Opens a source. Errors of the stream itself (a broken connection) pass through. */
export function openSource(source: ArtifactSource): ByteSource {
  if ('getReader' in source) return streamSource(source.getReader());
  return bufferSource(ArrayBuffer.isView(source) ? source : new Uint8Array(source));
}

function bufferSource(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    async take(count) {
      if (count > bytes.length - at) throw endsEarly(count, bytes.length - at);
      at += count;
      return bytes.subarray(at - count, at);
    },
    ended: async () => at === bytes.length,
    close: async () => undefined,
  };
}

function streamSource(reader: ByteReader): ByteSource {
  let chunks: Uint8Array[] = [];
  let held = 0;
  let done = false;
  const fill = async (count: number) => {
    while (held < count && !done) {
      const result = await reader.read();
      done = result.done;
      if (result.value) {
        chunks.push(result.value);
        held += result.value.length;
      }
    }
  };
  return {
    async take(count) {
      await fill(count);
      if (held < count) throw endsEarly(count, held);
      const all = chunks.length === 1 ? chunks[0]! : joined(chunks, held);
      chunks = [all.subarray(count)];
      held -= count;
      return all.subarray(0, count);
    },
    async ended() {
      await fill(1);
      return held === 0;
    },
    close: async () => {
      await reader.cancel().catch(() => undefined);
    },
  };
}

/** Concatenates chunks. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function endsEarly(wanted: number, left: number): Error {
  return corrupt(`The file is cut short: ${wanted} more bytes are due, ${left} are left.`);
}
