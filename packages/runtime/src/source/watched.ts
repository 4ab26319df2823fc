import type { ArtifactSource, ByteReader, ByteStream } from '../bytes/byte-source.js';
import { unreadable } from '../model/model-load-error.js';
import { bytesOf } from './bytes-of.js';

/** Progress of loading: bytes that have arrived, and their total if the source knows it. */
export interface LoadProgress {
  readonly loaded: number;
  readonly total: number | undefined;
}

export interface Watch {
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * A source that reports progress, and that `signal` aborts. Reading throws `MODEL_UNSUPPORTED` for what is
 * not bytes.
 */
export function watched(
  source: ArtifactSource,
  total: number | undefined,
  { onProgress, signal }: Watch,
): ByteStream {
  const reader = 'getReader' in source ? source.getReader() : wholeReader(source);
  let loaded = 0;
  return {
    getReader: () => ({
      read: async () => {
        const result = await unlessAborted(reader.read(), signal);
        if (result.done) return result;
        const value = bytesOf(result.value);
        if (!value) throw notBytes(result.value);
        onProgress?.({ loaded: (loaded += value.length), total });
        return { done: false, value };
      },
      // Not waited for: a source that sends nothing may not answer either.
      cancel: async () => void reader.cancel().catch(() => undefined),
    }),
  };
}

function wholeReader(source: Uint8Array | ArrayBuffer): ByteReader {
  let bytes: Uint8Array | undefined = bytesOf(source);
  return {
    read: async () => {
      const value = bytes;
      bytes = undefined;
      return value ? { done: false, value } : { done: true };
    },
    cancel: async () => undefined,
  };
}

function notBytes(chunk: unknown): Error {
  return unreadable(
    `a stream with a value of type ${typeof chunk}`,
    'Give a stream of bytes; in Node, without an encoding.',
  );
}

/** The result of a promise; rejects with the signal's reason as soon as it is aborted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  promise.catch(() => undefined);
  throwIfAborted(signal);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortReason(signal));
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Throws the signal's reason where it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

/** React Native's signals have no reason, and no `throwIfAborted`. */
function abortReason(signal: AbortSignal): Error {
  const reason = signal.reason as Error | undefined;
  return reason ?? Object.assign(new Error('Loading the model was aborted.'), { name: 'AbortError' });
}
