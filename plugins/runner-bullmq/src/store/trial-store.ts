import type { FilePlace } from '@tersor/core';

/** What machines share: files by their content, and for every trial the files of its attempts. */
export interface TrialStore {
  /** Where it is, as the study sees it: an absolute folder, or `s3://bucket/prefix`. */
  readonly address: string;
  /** Tells stores apart that have the same address on two machines. */
  readonly id: string;
  /** Files of one attempt at a trial. */
  attempt(job: string, attempt: string): FilePlace;
  /** Names of the attempts at a trial, oldest first. */
  attempts(job: string): Promise<string[]>;
  /** Removes all that is kept of a trial. */
  forget(job: string): Promise<void>;
  /** Brings a file in under its SHA-256, whole or not at all; does nothing where there is one already. */
  bring(path: string, hash: string): Promise<void>;
  /** Lays the file with this SHA-256 at a path, whole or not at all. What it holds is not checked. */
  fetch(hash: string, path: string): Promise<void>;
}
