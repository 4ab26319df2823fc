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
   * What the trial reads, by content. A runner that works on another machine copies it there. A study
   * compares it with the `identity` in the trial's `summary.json`, and rejects results that were made from
   * anything else.
   */
  readonly inputs: RunIdentity;
  /** Folder that relative paths in the config start from, on the study's machine. */
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
  /** `error` says what went wrong, and where; it is never empty. */
  | { readonly status: 'failed'; readonly error: string }
  /** Stopped by the signal; what it has done so far can be resumed. */
  | { readonly status: 'interrupted' };

/** What a runner reports about a trial that has not ended. */
export interface TrialEvents {
  /**
   * The trial has started, if it had to wait for a machine after the call. Time limits count from here.
   * Called again if the machine is lost and another one starts the trial.
   */
  onBegin?(): void;
  /** Something that the user should know, for instance that no worker can take the trial. */
  onNotice?(text: string): void;
}

/** A machine, or a part of one, that takes trials. */
export interface WorkerOffer {
  /** Its name in messages. */
  readonly name: string;
  /** Versions of `tersor` and `node`. A study and its workers need the same. */
  readonly versions: Readonly<Record<string, string>>;
  /** Backends that can run here. */
  readonly backends: readonly string[];
  /** Known backends that cannot run here. Others are tried. */
  readonly missing: readonly string[];
  /** Cores per trial. */
  readonly cores: number;
  /** Bytes of memory per trial. */
  readonly memoryBytes: number;
}

/** Options of a process that takes trials. */
export interface WorkOptions {
  readonly offer: WorkerOffer;
  /** Runs the trials on this machine, up to its `concurrency` at the same time. */
  readonly local: TrialRunner;
  /** Folder in which inputs of trials are kept, so that they are copied to a machine only once. */
  readonly cache: string;
  /** Ends the work. Running trials save their state and go back to the queue. */
  readonly signal: AbortSignal;
  /** Ends the work after this many seconds without a trial. */
  readonly idleSeconds?: number;
  /** Reports trials that were taken, how they ended, and what is refused and why. */
  onNotice(text: string): void;
}

/** The trials in a queue, and its workers. */
export interface RunnerStatus {
  /** Numbers of trials that wait, that run, and that have ended but were not fetched yet. */
  readonly waiting: number;
  readonly running: number;
  readonly ended: number;
  readonly workers: readonly (WorkerOffer & {
    /** Ids of the trials that the worker runs. */
    readonly trials: readonly string[];
    /** Why the worker takes no trials of some studies. */
    readonly refused: readonly string[];
  })[];
}

/** Runs trials, on this machine or through a queue. */
export interface TrialRunner {
  readonly id: string;
  /** How many trials it runs at the same time, at least 1. Further ones wait inside `run`. */
  readonly concurrency: number;
  /**
   * Runs one trial, or continues an interrupted one, until its results are in its place. Nothing is written
   * to the place after it has resolved. A trial that crashes resolves to `failed`; it never rejects. When
   * `signal` is aborted, the trial is saved, and this resolves within half a minute, to `interrupted` (or to
   * `done`, if it has just ended).
   */
  run(trial: Trial, signal: AbortSignal, events?: TrialEvents): Promise<TrialOutcome>;
  /** Called before the first trial. Rejects if no trial could run, for instance without a store. */
  ready?(): Promise<void>;
  /** For queues: takes trials that `run` of other processes hands out, until `signal` is aborted. */
  work?(options: WorkOptions): Promise<void>;
  /** For queues: their trials and workers. */
  status?(): Promise<RunnerStatus>;
  /** Closes connections and ends workers. Called once, when no trial runs any more. */
  dispose?(): void | Promise<void>;
}
