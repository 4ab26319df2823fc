import type { CompressConfig } from '../config/config-schema.js';
import type { FilePlace } from './file-place.js';
import type { RunIdentity } from './run-identity.js';

/**
 * One compression of a study. Everything but `place` is plain JSON, so that a trial can be sent to another
 * machine.
 */
export interface Trial {
  /** Hash of the config: trials with the same settings are the same trial. */
  readonly id: string;
  /** The config with every setting of the trial and every default filled in. */
  readonly config: CompressConfig;
  /**
   * What the results are to come from, by content. A runner that works elsewhere brings these there; a study
   * compares them with the `identity` of the trial's `summary.json`, and takes no results of anything else.
   */
  readonly inputs: RunIdentity;
  /** Folder that relative paths of the config count from, on the machine of the study. */
  readonly directory: string;
  /**
   * Where results and checkpoints lie, under the names that they have in an output folder of `tersor
   * compress` (`summary.json`, `checkpoint/...`).
   */
  readonly place: FilePlace;
}

/** How a trial ended. */
export type TrialOutcome =
  | { readonly status: 'done' }
  /** `error` is not empty: what went wrong, and where, as text. */
  | { readonly status: 'failed'; readonly error: string }
  /** Stopped by the signal; what it has done so far can be resumed. */
  | { readonly status: 'interrupted' };

/** Runs trials: on this machine, or over a queue. */
export interface TrialRunner {
  readonly id: string;
  /** Trials that it runs at the same time, from 1; further ones wait inside `run` until one has ended. */
  readonly concurrency: number;
  /**
   * Runs one trial until its results lie in its place; goes on where an interrupted one stopped. Nothing is
   * written to the place once it has answered. A trial that crashes is answered with `failed`, never with a
   * rejection. After `signal` is aborted it saves what it has and answers soon, with `interrupted` (or
   * `done`, where it was); half a minute is soon enough.
   */
  run(trial: Trial, signal: AbortSignal): Promise<TrialOutcome>;
  /** Ends what it holds: connections, workers. Called once, when no trial runs any more. */
  dispose?(): void | Promise<void>;
}
