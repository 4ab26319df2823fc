import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TrialStore } from '../trial-store.js';
import { openBucket } from './bucket.js';
import { parseS3Address } from './s3-address.js';
import { s3Place } from './s3-place.js';

/**
 * Opens a store in object storage, and makes it where it is new. Nothing in it is written on a condition,
 * which not every server knows: inputs are named by their content, each attempt has keys of its own, and of
 * the ids that several studies give a new store at once, each is one of it. Throws `STORE_UNAVAILABLE`.
 * @param wanted an id that it must have
 */
export async function openS3Store(address: string, wanted?: string): Promise<TrialStore> {
  const place = parseS3Address(address);
  const bucket = await openBucket(address, place);
  const at = (name: string) => place.prefix + name;
  const id = wanted ?? (await bucket.keys(at('ids/')))[0]?.slice(at('ids/').length) ?? randomUUID();
  if (wanted === undefined) await bucket.put(at(`ids/${id}`), new Uint8Array());
  else if (!(await bucket.has(at(`ids/${wanted}`)))) throw new Error('it is another one');
  const brought = new Set<string>();
  const content = (hash: string) => at(`inputs/${hash}`);
  return {
    address,
    id,
    attempt: (job, attempt) => s3Place(bucket, at(`trials/${job}/${attempt}/`)),
    attempts: (job) => bucket.folders(at(`trials/${job}/`)),
    forget: (job) => s3Place(bucket, at(`trials/${job}/`)).remove('.'),
    bring: async (path, hash) => {
      if (brought.has(hash)) return;
      if (!(await bucket.has(content(hash)))) await bucket.putFile(content(hash), path);
      brought.add(hash);
    },
    fetch: async (hash, path) => {
      const partial = `${path}.${randomUUID()}`;
      try {
        await mkdir(dirname(path), { recursive: true });
        if (!(await bucket.getFile(content(hash), partial)))
          throw new Error(`${address} has no file ${hash}.`);
        await rename(partial, path);
      } finally {
        await rm(partial, { force: true });
      }
    },
  };
}
