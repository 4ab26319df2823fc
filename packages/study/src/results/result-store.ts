import { join } from 'node:path';
import { lockOutput } from '@tersor/compression';
import type { FilePlace } from '@tersor/core';
import { folderPlace } from './folder-place.js';

/** Where a study keeps its results: a folder, or anything else that can hold named files. */
export interface ResultStore {
  /** Its name in messages. */
  readonly name: string;
  /** Files of the study itself: `study.json`, `results.json`, `results.csv`, `report.html`. */
  readonly study: FilePlace;
  /** Files of one trial. */
  trial(id: string): FilePlace;
  /**
   * Locks the study, or one of its trials, for this process; resolves to the function that unlocks it. Throws
   * `OUTPUT_LOCKED` while another process holds the lock, `OUTPUT_FAILED` if nothing can be written.
   */
  lock(trial?: string): Promise<() => Promise<void>>;
}

/** A study in a local folder, its trials below `trials/`. */
export function folderStore(folder: string): ResultStore {
  const trialFolder = (id: string) => join(folder, 'trials', id);
  return {
    name: folder,
    study: folderPlace(folder),
    trial: (id) => folderPlace(trialFolder(id)),
    lock: (trial) => lockOutput(trial === undefined ? folder : trialFolder(trial)),
  };
}
