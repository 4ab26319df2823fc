import type { ArtifactSource, ByteStream } from '../bytes/byte-source.js';
import { ModelLoadError, unreadable } from '../model/model-load-error.js';
import { builtinModule } from './builtin-module.js';
import { bytesOf } from './bytes-of.js';

/**
 * Anything that `loadModel` can read a packed file from: its address (a string or URL; outside browsers also
 * a path), a file that a user chose, a response, the bytes, or a web or Node stream of them.
 */
export type ModelSource = ArtifactSource | AsyncIterable<Uint8Array> | Blob | Response | URL | string;

/** The part of `node:fs/promises` that is used. */
interface FileSystem {
  readFile(path: string | URL): Promise<Uint8Array>;
}

/** A source of bytes, and their number if it is known. */
export interface OpenedSource {
  readonly bytes: ArtifactSource;
  readonly total?: number;
}

/**
 * Opens a source. Throws `MODEL_NOT_FOUND` if there is nothing at the address, `MODEL_UNSUPPORTED` for
 * anything that is not a source, and the error of `fetch` for a broken connection.
 */
export async function openModelSource(source: ModelSource, signal?: AbortSignal): Promise<OpenedSource> {
  if (typeof source === 'string' || source instanceof URL) return openAddress(source, signal);
  if (typeof source !== 'object' || source === null) throw notASource(source);
  const bytes = bytesOf(source);
  if (bytes) return { bytes, total: bytes.length };
  if ('getReader' in source) return { bytes: unread(source) };
  if ('status' in source && 'headers' in source) return openResponse(source, 'The response');
  if ('size' in source && 'slice' in source) return openBlob(source);
  if (Symbol.asyncIterator in source) return { bytes: streamOf(source) };
  throw notASource(source);
}

async function openAddress(address: string | URL, signal?: AbortSignal): Promise<OpenedSource> {
  const file = fileOf(address);
  if (file !== undefined) return openFile(file);
  return openResponse(await fetch(address, signal ? { signal } : undefined), String(address));
}

/**
 * The path that an address means outside browsers, if it is not a web address; relative to the working
 * folder. In a page, strings are relative to the page.
 */
function fileOf(address: string | URL): string | URL | undefined {
  if ((globalThis as { location?: object }).location) return undefined;
  if (/^file:/i.test(String(address))) return fileUrl(String(address));
  // One letter and a colon is a Windows drive.
  return typeof address === 'string' && !/^[a-z][a-z\d+.-]+:/i.test(address) ? address : undefined;
}

function fileUrl(address: string): URL {
  // A slash or a Windows drive. URL would take anything else from the root of the disk.
  if (/^file:([\\/]|[a-z]:)/i.test(address)) return new URL(address);
  throw new ModelLoadError('MODEL_NOT_FOUND', `${address} is no absolute path, which a file URL needs.`, {
    hint: 'Give the path without file:.',
  });
}

async function openFile(file: string | URL): Promise<OpenedSource> {
  const files = builtinModule<FileSystem>('node:fs/promises');
  if (!files)
    throw new ModelLoadError('MODEL_UNSUPPORTED', `${file} is a path, and there is no file system here.`, {
      hint: 'Give an address that starts with https:, or read the file and give its bytes.',
    });
  const bytes = await files.readFile(file).catch((cause: unknown) => {
    throw new ModelLoadError('MODEL_NOT_FOUND', `The model ${file} cannot be read: ${String(cause)}`, {
      cause,
    });
  });
  return { bytes, total: bytes.length };
}

async function openResponse(response: Response, name: string): Promise<OpenedSource> {
  const place = response.url || name;
  if (!response.ok)
    throw new ModelLoadError('MODEL_NOT_FOUND', `${place} gives status ${response.status} and no model.`, {
      hint: 'Open the address in a browser; a server may not know files that end in .tersor.',
    });
  // Content-Length counts the bytes sent, which may be compressed.
  const length = response.headers.get('content-encoding')
    ? NaN
    : Number(response.headers.get('content-length'));
  const total = length > 0 ? { total: length } : {};
  const { body } = unread(response);
  if (body) return { bytes: unread(body), ...total };
  // React Native has no streams.
  const bytes = await response.arrayBuffer();
  return { bytes, total: bytes.byteLength };
}

async function openBlob(blob: Blob): Promise<OpenedSource> {
  if ('stream' in blob) return { bytes: blob.stream(), total: blob.size };
  return { bytes: await new Response(blob).arrayBuffer(), total: (blob as Blob).size };
}

/** The same response or web stream, unless something else has begun to read it. */
function unread<T extends object>(source: T): T {
  const { bodyUsed, locked } = source as Partial<Response & ReadableStream>;
  if (!bodyUsed && !locked) return source;
  throw unreadable(
    'a response or stream that was read already',
    'Give it before it is read, or a clone() of it.',
  );
}

function streamOf(source: AsyncIterable<Uint8Array> & { destroy?(): unknown }): ByteStream {
  const chunks = source[Symbol.asyncIterator]();
  return {
    getReader: () => ({
      read: async () => {
        const { done = false, value } = await chunks.next();
        return done ? { done } : { done, value: value as Uint8Array };
      },
      cancel: async () => {
        // A stream of Node: `return` alone waits for the chunk that was asked for.
        source.destroy?.();
        return chunks.return?.();
      },
    }),
  };
}

function notASource(source: unknown): Error {
  const found = source === null || source === undefined ? String(source) : `a value of type ${typeof source}`;
  return unreadable(
    found,
    'Give a URL, a path (not in browsers), a Blob or File, a Response, an ArrayBuffer or Uint8Array, or a stream of bytes.',
  );
}
