import type { WorkOptions } from '@tersor/core';
import type { Lane, TrialEnd, TrialJob } from '../jobs.js';
import type { Registry } from '../registry.js';
import type { JobTaker, QueueServer } from '../server/connect.js';
import type { TrialStore } from '../store/trial-store.js';

/** What a worker works with. */
export interface WorkerContext extends WorkOptions {
  readonly server: QueueServer;
  readonly registry: Registry;
  readonly pollMs: number;
  /** Absolute path or address under which this machine sees the store; else that of the study is tried. */
  readonly store: string;
}

/** A queue whose trials this worker takes. */
export interface OpenLane {
  readonly lane: Lane;
  readonly taker: JobTaker<TrialJob, TrialEnd>;
  readonly store: TrialStore;
}
