import { corrupt } from '../artifact/artifact-error.js';

/** Where the bytes of a packed file come from: all at once, or as they arrive. */
export type ArtifactSource = Uint8Array | ArrayBuffer | ByteStream;

/** What is used of a `ReadableStream<Uint8Array>`, which is one. */
export interface ByteStream {
  getReader(): ByteReader;
}

/** What is used of a stream's reader. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

/** Reads a source from front to back. Holds no more than has arrived and not been taken. */
export interface ByteSource {
  /** The next `count` bytes; waits for them. Throws `ARTIFACT_CORRUPT` where the source ends before. */
  take(count: number): Promise<Uint8Array>;
  /** Whether everything was taken; waits where that is not known yet. */
  ended(): Promise<boolean>;
  /** Lets go of the source, before its end too. */
  close(): Promise<void>;
}

/** Opens a source. Errors of the stream itself (a broken connection) pass through as they are. */
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

/** All chunks one after the other. */
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
