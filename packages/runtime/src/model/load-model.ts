import { decodeArtifact, type DecodedArtifact, type DecodeOptions } from '../artifact/decode-artifact.js';
import { joined, type ByteStream } from '../bytes/byte-source.js';
import { cacheEntry, lastEntry } from '../cache/decoded-cache.js';
import { openModelSource, type ModelSource, type OpenedSource } from '../source/open-model-source.js';
import { throwIfAborted, unlessAborted, watched, type LoadProgress } from '../source/watched.js';
import { decodeInWorker } from '../worker/decode-in-worker.js';
import type { DecodingWorker } from '../worker/decoding-protocol.js';
import { requireWorker } from '../worker/start-worker.js';
import { ModelLoadError } from './model-load-error.js';
import { builtInSlices, type LoadedModel } from './model-from-artifact.js';
import { requireBackend } from './require-backend.js';
import { warmUp } from './warm-up.js';

export interface LoadOptions extends DecodeOptions {
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops loading; `loadModel` then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Whether to keep the decoded weights in the browser's Cache API, by the content of the file, so that the
   * next visit does not decode again. The file is then read completely before it is decoded. Without a Cache
   * API, this has no effect.
   */
  readonly cache?: boolean;
  /** Decodes in a worker: `true` starts and ends one; or pass one made from `@tersor/runtime/worker`. */
  readonly worker?: boolean | DecodingWorker;
  /** The tfjs backend to activate before the model is built. */
  readonly backend?: string;
}

/**
 * Loads a packed file as a stock tfjs LayersModel, which the caller disposes of. The model also has
 * `preprocessing` and `classNames`, if they are in the file. Throws `ArtifactError` like `decodeArtifact`,
 * `ModelLoadError` (`BACKEND_UNAVAILABLE` before anything is fetched, `MODEL_NOT_FOUND`, `MODEL_UNSUPPORTED`,
 * `WORKER_UNAVAILABLE`), the signal's reason, and what `fetch` throws.
 *
 * @example
 * const model = await loadModel('model.tersor', { backend: 'wasm', worker: true });
 * const scores = model.predict(images);
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<LoadedModel> {
  const { signal, cache, worker, backend } = options;
  throwIfAborted(signal);
  requireWorker(worker);
  await unlessAborted(requireBackend(backend), signal);
  const opened = unlessAborted(openModelSource(source, signal), signal);
  // Where this thread mostly waits, and long tasks matter.
  const warm = worker || cache ? warmUp(nextTask) : undefined;
  const decoded = cache
    ? await throughCache(opened, addressOf(source), options)
    : await decodeFrom(watchedSource(await opened, options), options);
  await warm;
  // Lets the page's own tasks run, of which one may abort: decoding was a long one.
  const pause = async () => {
    await nextTask();
    throwIfAborted(signal);
  };
  await pause();
  return builtInSlices(decoded, pause);
}

function decodeFrom(stream: ByteStream, options: LoadOptions): Promise<DecodedArtifact> {
  const { maxWeights, worker, signal } = options;
  const limits = maxWeights === undefined ? {} : { maxWeights };
  return worker ? decodeInWorker(stream, worker, limits, signal) : decodeArtifact(stream, limits);
}

async function throughCache(
  opened: Promise<OpenedSource>,
  address: string,
  options: LoadOptions,
): Promise<DecodedArtifact> {
  // A cached file over the limit is refused, as it would be without a cache.
  const most = options.maxWeights ?? Infinity;
  const fits = ({ weights }: DecodedArtifact) =>
    weights.reduce((sum, { data }) => sum + data.length, 0) <= most;
  let source: OpenedSource;
  try {
    source = await opened;
  } catch (error) {
    // Without a connection, what this address gave last is there still.
    const offline = !options.signal?.aborted && !(error instanceof ModelLoadError);
    const last = offline ? await lastEntry(address) : undefined;
    if (last && fits(last)) return last;
    throw error;
  }
  const bytes = await readAll(watchedSource(source, options));
  const entry = await cacheEntry(bytes, address);
  const known = await entry?.read();
  if (known && fits(known)) return known;
  const decoded = await decodeFrom(watched(bytes, bytes.length, {}), options);
  await entry?.write(decoded);
  return decoded;
}

function watchedSource({ bytes, total }: OpenedSource, options: LoadOptions): ByteStream {
  return watched(bytes, total, options);
}

/** The whole address of a source that has one, so that two pages' `model.tersor` are two; else nothing. */
function addressOf(source: ModelSource): string {
  if (typeof source !== 'string' && !(source instanceof URL)) return '';
  const { location } = globalThis as { location?: { readonly href: string } };
  return location ? new URL(source, location.href).href : String(source);
}

async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, length);
      chunks.push(value!);
      length += value!.length;
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
