/** A run or a study in the list; plain JSON that is sent to the page. */
export interface Item {
  /** Derived from the folder's path; the page refers to items only by their ids. */
  readonly id: string;
  readonly kind: 'run' | 'study' | 'training';
  /** The folder, as the reader gave it or below one that the reader gave. */
  readonly name: string;
  readonly folder: string;
  readonly status: Status;
  /** Progress of a running item, or the reason why one failed. */
  readonly detail?: string;
  readonly progress?: Progress;
  /** The result, in a few words. */
  readonly result?: string;
  /** Milliseconds since 1970 of the last change. */
  readonly changed: number;
  /** Increases with every change of its files. */
  readonly revision: number;
  readonly canStop: boolean;
  /** What "resume" would start; absent if it cannot be resumed. */
  readonly resume?: string;
  /** Why it can't be resumed from here, and what to do. */
  readonly resumeProblem?: string;
  /** Whether it has results that can be compared layer by layer. */
  readonly isComparable: boolean;
}

/**
 * `elsewhere`: according to its lock file, a process of another machine or user is using it. `died`: its
 * process ended without a word, as after kill -9 or a power failure.
 */
export type Status = 'running' | 'elsewhere' | 'done' | 'stopped' | 'died' | 'failed';

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What is counted: "episodes of stage 1". */
  readonly of: string;
}

/** A folder that holds a run, a study or a training. */
export interface FoundFolder {
  readonly id: string;
  readonly kind: Item['kind'];
  readonly name: string;
  readonly folder: string;
}
