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

/** What a runner says of a trial while it is at it. */
export interface TrialEvents {
  /**
   * The trial runs from now on, where that is later than the call: it waited for a machine. A time limit
   * counts from here. May be called again, after a machine was lost.
   */
  onBegin?(): void;
  /** Something that its user should know: nobody is there who could take the trial. */
  onNotice?(text: string): void;
}

/** A machine, or a part of one, that takes trials. */
export interface WorkerOffer {
  /** What it is called in messages. */
  readonly name: string;
  /** Of `tersor` and `node`; a study and its workers have to have the same. */
  readonly versions: Readonly<Record<string, string>>;
  /** Backends that can run here. */
  readonly backends: readonly string[];
  /** Backends that are known and cannot run here; of any other it will be seen. */
  readonly missing: readonly string[];
  /** Cores for a trial. */
  readonly cores: number;
  /** Memory for a trial, in bytes. */
  readonly memoryBytes: number;
}

/** How a process that takes trials does so. */
export interface WorkOptions {
  readonly offer: WorkerOffer;
  /** Carries the trials out on this machine, as many at the same time as its `concurrency` says. */
  readonly local: TrialRunner;
  /** Folder in which inputs of trials are kept: they come to a machine once. */
  readonly cache: string;
  /** Ends the work: running trials save themselves and are given back. */
  readonly signal: AbortSignal;
  /** Ends the work when there was nothing to do for so long. */
  readonly idleSeconds?: number;
  /** What was taken, how it ended, what is refused and why. */
  onNotice(text: string): void;
}

/** What a queue has, and who works on it. */
export interface RunnerStatus {
  /** Trials that wait, run, and have ended but were not fetched yet. */
  readonly waiting: number;
  readonly running: number;
  readonly ended: number;
  readonly workers: readonly (WorkerOffer & {
    /** Ids of the trials that it runs. */
    readonly trials: readonly string[];
    /** Why it takes no trials of some studies. */
    readonly refused: readonly string[];
  })[];
}

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
  run(trial: Trial, signal: AbortSignal, events?: TrialEvents): Promise<TrialOutcome>;
  /** Called before the first trial: rejects where none could be run, for instance for want of a store. */
  ready?(): Promise<void>;
  /** Of a queue: takes trials that `run` of other processes hands out, until `signal` is aborted. */
  work?(options: WorkOptions): Promise<void>;
  /** Of a queue: what it has, and who works on it. */
  status?(): Promise<RunnerStatus>;
  /** Ends what it holds: connections, workers. Called once, when no trial runs any more. */
  dispose?(): void | Promise<void>;
}
