import { parseBoundedJson } from '../bytes/bounded-json.js';
import type { DecodedArtifact, DecodedWeight } from '../artifact/decode-artifact.js';

/** Name of the cache, with the version of its content; `caches.delete('tersor-decoded-1')` empties it. */
const NAME = 'tersor-decoded-1';
/** Prefix of keys. The Cache API needs URLs as keys; this one does not exist. */
const KEY = 'https://decoded.tersor.invalid/';
const ALIGNMENT = 4;

/** The part of the Cache API that is used. */
interface Store {
  match(key: string): Promise<Response | undefined>;
  put(key: string, value: Response): Promise<void>;
  delete(key: string): Promise<boolean>;
  keys(): Promise<readonly { readonly url: string }[]>;
}

/** The decoded weights of one file. */
export interface CacheEntry {
  /** The stored weights; `undefined` if there are none, or they are incomplete or out of reach. */
  read(): Promise<DecodedArtifact | undefined>;
  /** Stores weights, unless there is no room, and removes those of an earlier file at the same address. */
  write(artifact: DecodedArtifact): Promise<void>;
}

/**
 * The entry for a file's decoded weights in the browser's Cache API, keyed by the SHA-256 of its bytes, so
 * that a changed file has another entry. `undefined` if there is no such cache: outside browsers, and in
 * pages served over plain http.
 */
export async function cacheEntry(bytes: Uint8Array, address: string): Promise<CacheEntry | undefined> {
  const caches = storage();
  if (!caches || !globalThis.crypto?.subtle) return undefined;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const content = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const prefix = prefixOf(address);
  const key = `${prefix}${content}`;
  const read = async () => {
    const cache = await caches.open(NAME);
    const stored = await cache.match(key);
    if (!stored) return undefined;
    const artifact = unpack(await stored.arrayBuffer());
    if (!artifact) await cache.delete(key);
    return artifact;
  };
  const write = async (artifact: DecodedArtifact) => {
    const cache = await caches.open(NAME);
    if (address !== '')
      for (const { url } of await cache.keys())
        if (url.startsWith(prefix) && url !== key) await cache.delete(url);
    await cache.put(key, new Response(new Blob(pack(artifact))));
  };
  // Where the browser has no room left or keeps nothing (a private window), the next visit decodes again.
  return { read: () => read().catch(nothing), write: (artifact) => write(artifact).catch(nothing) };
}

function nothing(): undefined {
  return undefined;
}

/** What a file of that address left in the cache, where one did. */
export async function lastEntry(address: string): Promise<DecodedArtifact | undefined> {
  const cache = address === '' ? undefined : await storage()?.open(NAME).catch(nothing);
  const key = (await cache?.keys())?.find(({ url }) => url.startsWith(prefixOf(address)));
  const stored = key && (await cache?.match(key.url));
  return stored && unpack(await stored.arrayBuffer());
}

function storage(): { open(name: string): Promise<Store> } | undefined {
  return (globalThis as { caches?: { open(name: string): Promise<Store> } }).caches;
}

function prefixOf(address: string): string {
  return `${KEY}${encodeURIComponent(address)}/`;
}

/** Length of the head, head (JSON), zeros up to a multiple of 4 bytes, then all weights in order. */
function pack({ topology, metadata, weights }: DecodedArtifact): Uint8Array<ArrayBuffer>[] {
  const shapes = weights.map(({ name, shape }) => [name, shape]);
  const head = new TextEncoder().encode(JSON.stringify({ topology, metadata, weights: shapes }));
  const start = aligned(ALIGNMENT + head.length);
  const bytes = new Uint8Array(start);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, ALIGNMENT);
  return [bytes, ...weights.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** The inverse of `pack`; `undefined` for anything else. */
function unpack(buffer: ArrayBuffer): DecodedArtifact | undefined {
  try {
    const length = new DataView(buffer).getUint32(0, true);
    const { topology, metadata, weights } = parseBoundedJson(new Uint8Array(buffer, ALIGNMENT, length)) as {
      topology: Record<string, unknown>;
      metadata?: Record<string, unknown>;
      weights: [string, number[]][];
    };
    let at = aligned(ALIGNMENT + length);
    const decoded = weights.map(([name, shape]): DecodedWeight => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = new Float32Array(buffer, at, count);
      at += data.byteLength;
      return { name, shape, data };
    });
    return at === buffer.byteLength
      ? { topology, ...(metadata && { metadata }), weights: decoded }
      : undefined;
  } catch {
    return undefined;
  }
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
