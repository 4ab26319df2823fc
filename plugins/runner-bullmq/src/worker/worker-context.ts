import type { WorkOptions } from '@tersor/core';
import type { Lane, TrialEnd, TrialJob } from '../jobs.js';
import type { Registry } from '../registry.js';
import type { JobTaker, QueueServer } from '../server/connect.js';
import type { TrialStore } from '../store/trial-store.js';

/** Settings and connections of a worker. */
export interface WorkerContext extends WorkOptions {
  readonly server: QueueServer;
  readonly registry: Registry;
  readonly pollMs: number;
  /** Absolute path or address of the store on this machine; without it, the study's is tried. */
  readonly store: string;
}

/** A queue whose trials this worker takes. */
export interface OpenLane {
  readonly lane: Lane;
  readonly taker: JobTaker<TrialJob, TrialEnd>;
  readonly store: TrialStore;
}
