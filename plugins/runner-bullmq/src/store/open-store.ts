import { createFolderStore, openFolderStore } from './folder-store.js';
import type { TrialStore } from './trial-store.js';

/** Whether `runner.store` is in object storage, not a folder. */
export function isObjectStore(address: string): boolean {
  return address.startsWith('s3://');
}

/** Opens a store, and makes it where it is new. Throws `OUTPUT_FAILED` (a folder) or `STORE_UNAVAILABLE`. */
export async function createStore(address: string): Promise<TrialStore> {
  if (!isObjectStore(address)) return createFolderStore(address);
  const { openS3Store } = await import('./s3/s3-store.js');
  return openS3Store(address);
}

/** Opens the store with this id. Rejects where there is none, or another one. */
export async function openStore(address: string, id: string): Promise<TrialStore> {
  if (!isObjectStore(address)) return openFolderStore(address, id);
  const { openS3Store } = await import('./s3/s3-store.js');
  return openS3Store(address, id);
}
