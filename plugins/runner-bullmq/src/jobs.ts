import { createHash } from 'node:crypto';
import { isRecord, type Trial, type TrialOutcome } from '@tersor/core';

/** The part of a trial that is sent to another machine. */
export type SentTrial = Pick<Trial, 'id' | 'config' | 'inputs'>;

/** The trial of a job; undefined if its data is not of one: of another program, or of another version. */
export function sentTrial(data: Partial<TrialJob> | undefined): SentTrial | undefined {
  try {
    const trial: unknown = JSON.parse(data?.trial ?? '');
    const isWhole =
      typeof data?.files === 'string' &&
      isRecord(trial) &&
      typeof trial['id'] === 'string' &&
      isRecord(trial['config']) &&
      isRecord(trial['inputs']);
    return isWhole ? (trial as unknown as SentTrial) : undefined;
  } catch {
    return undefined;
  }
}

/** The data of a job: a trial for a worker. */
export interface TrialJob {
  /**
   * A `SentTrial` as text, since PostgreSQL reorders the keys of JSON, and their order is part of a config.
   */
  readonly trial: string;
  /** Hash of the list of files that the trial reads; see `packInputs`. */
  readonly files: string;
  /** Set when the study wants the trial to stop: the study was stopped, or the trial's time is over. */
  readonly stop?: 'asked' | 'timeout';
}

/** What a worker reports of a trial. `attempt` is the folder with its files; no other files are used. */
export interface TrialEnd {
  readonly attempt: string;
  readonly outcome: TrialOutcome;
}

/** What the trials of one queue have in common. */
export interface Lane {
  /** Name of the queue. */
  readonly queue: string;
  /** Versions of `tersor` and `node`; workers must have the same. */
  readonly versions: Readonly<Record<string, string>>;
  /** Ids of the backends that the trials run on. */
  readonly backends: readonly string[];
  readonly cores: number;
  readonly memoryBytes: number;
  readonly leaseMs: number;
  readonly retakes: number;
  /** The store's address on the study's machine, and its id: workers may see it under another path. */
  readonly store: { readonly address: string; readonly id: string };
}

/** The first digits of the SHA-256 of a value's JSON: enough to tell values apart in practice. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);
}
