import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { TersorError } from '@tersor/core';
import type { S3Address } from './s3-address.js';
import { isAway, isMissing, storeError } from './s3-errors.js';

/** Objects of a bucket by their keys. Everything throws `STORE_UNAVAILABLE`. */
export interface Bucket {
  /** Writes an object, whole or not at all: in parts where it is large. */
  put(key: string, content: Uint8Array): Promise<void>;
  putFile(key: string, path: string): Promise<void>;
  /** The content; undefined where there is no such object. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Writes the content to a file; resolves to whether there is such an object. */
  getFile(key: string, path: string): Promise<boolean>;
  has(key: string): Promise<boolean>;
  /** Keys that begin with a prefix, in alphabetical order. */
  keys(prefix: string): Promise<string[]>;
  /** What stands between a prefix and the next `/`, once each. */
  folders(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** Of a server that is away; a restart takes less. */
const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;
/** Bytes from which an object is sent in parts. */
const PART = 8 * 1024 * 1024;

/** The SDK, which is only there where somebody has installed it. Throws `STORE_UNAVAILABLE`. */
async function loadSdk(address: string) {
  try {
    return { ...(await import('@aws-sdk/client-s3')), ...(await import('@aws-sdk/lib-storage')) };
  } catch (cause) {
    throw new TersorError(
      'STORE_UNAVAILABLE',
      `The store ${address} needs two packages that are not installed.`,
      {
        cause,
        hint: 'npm install @aws-sdk/client-s3 @aws-sdk/lib-storage',
      },
    );
  }
}

/**
 * Opens a bucket. Credentials, and what the address leaves out, come from where Amazon's tools take them:
 * the environment, `~/.aws`, the role of the machine. Throws `STORE_UNAVAILABLE` where it cannot be listed.
 */
export async function openBucket(address: string, place: S3Address): Promise<Bucket> {
  const { bucket, prefix: all, endpoint, region } = place;
  const sdk = await loadSdk(address);
  const own = endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const client: S3Client = new sdk.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    // Servers of one's own have no name of the host for each bucket, and mostly no regions.
    ...(own !== undefined && { forcePathStyle: true }),
    ...(region !== undefined && { region }),
    ...(own !== undefined && region === undefined && !process.env['AWS_REGION'] && { region: 'us-east-1' }),
    // Older servers refuse the newer checksums; inputs are checked by their SHA-256, checkpoints by theirs.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5000, requestTimeout: 60_000 },
  });
  const asked = async <T>(act: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> => {
    const end = performance.now() + patienceMs;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        return await act();
      } catch (error) {
        if (!isAway(error) || performance.now() + wait > end) throw storeError(error, address, bucket);
        await delay(wait);
      }
    }
  };
  const unlessMissing = <T, U>(act: () => Promise<T>, missing: U): Promise<T | U> =>
    asked(() =>
      act().catch((error: unknown) => {
        if (isMissing(error)) return missing;
        throw error;
      }),
    );
  const send = async (key: string, body: () => Uint8Array | Readable, size: number) => {
    if (size < PART)
      await client.send(
        new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body(), ContentLength: size }),
      );
    else
      await new sdk.Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: body() },
        partSize: PART,
      }).done();
  };
  const read = async (key: string) => {
    const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body!;
  };
  const list = async (prefix: string, patienceMs = PATIENCE_MS, delimiter?: string) => {
    const found = { keys: [] as string[], folders: [] as string[] };
    let more: string | undefined;
    do {
      const page = await asked(
        () =>
          client.send(
            new sdk.ListObjectsV2Command({
              ...{ Bucket: bucket, Prefix: prefix },
              ...(delimiter !== undefined && { Delimiter: delimiter }),
              ...(more !== undefined && { ContinuationToken: more }),
            }),
          ),
        patienceMs,
      );
      found.keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      found.folders.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
      more = page.NextContinuationToken;
    } while (more !== undefined);
    return found;
  };
  // A mistake in the settings is said at once.
  await list(`${all}ids/`, 0);
  return {
    put: (key, content) => asked(() => send(key, () => content, content.length)),
    putFile: async (key, path) => {
      const { size } = await stat(path);
      await asked(() => send(key, () => createReadStream(path), size));
    },
    get: (key) => unlessMissing(async () => (await read(key)).transformToByteArray(), undefined),
    getFile: (key, path) =>
      unlessMissing(async () => {
        await pipeline((await read(key)) as Readable, createWriteStream(path));
        return true;
      }, false),
    has: (key) =>
      unlessMissing(async () => {
        await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
        return true;
      }, false),
    keys: async (prefix) => (await list(prefix)).keys.sort(),
    folders: async (prefix) =>
      (await list(prefix, PATIENCE_MS, '/')).folders.map((each) => each.slice(prefix.length, -1)).sort(),
    remove: (key) =>
      unlessMissing(async () => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
      }, undefined),
  };
}
