/** A trial as a runner gets it. */
export interface Trial {
  readonly id: string;
  /** Absolute path of the base config. */
  readonly configPath: string;
  /** `path=value` settings on top of the base config. */
  readonly overrides: readonly string[];
  /** Folder that the results go to. */
  readonly folder: string;
}

/** How a trial ended. */
export type TrialOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'failed'; readonly error: string }
  /** Stopped by the signal; what it has done so far can be resumed. */
  | { readonly status: 'interrupted' };

/** Runs trials: on this machine, or over a queue. */
export interface TrialRunner {
  /**
   * Runs one trial until its results lie in its folder; goes on where an interrupted one stopped. Never
   * rejects for a trial that crashes. After `signal` is aborted it resolves soon, with `interrupted`.
   */
  run(trial: Trial, signal: AbortSignal): Promise<TrialOutcome>;
}
