import { createHash } from 'node:crypto';
import type { Trial, TrialOutcome } from '@tersor/core';

/** What of a trial goes to another machine. */
export type SentTrial = Pick<Trial, 'id' | 'config' | 'inputs'>;

/** What a worker is given of a trial. */
export interface TrialJob {
  /** A `SentTrial` as text: PostgreSQL sorts the keys of JSON anew, and their order is part of a config. */
  readonly trial: string;
  /** Hash of the list of files that the trial reads; see `packInputs`. */
  readonly files: string;
  /** Set when the study wants the trial to stop: because it was stopped itself, or the time is over. */
  readonly stop?: 'asked' | 'timeout';
}

/** What a worker says of a trial. `attempt` is the folder that holds its files: nothing else is taken. */
export interface TrialEnd {
  readonly attempt: string;
  readonly outcome: TrialOutcome;
}

/** What trials of one queue have in common. */
export interface Lane {
  /** Name of the queue. */
  readonly queue: string;
  /** Of `tersor` and `node`: workers must have the same. */
  readonly versions: Readonly<Record<string, string>>;
  /** Backends that the trials run on. */
  readonly backends: readonly string[];
  readonly cores: number;
  readonly memoryBytes: number;
  readonly leaseMs: number;
  readonly retakes: number;
  /** Where the study sees the store, and its id: workers may see it under another path. */
  readonly store: { readonly address: string; readonly id: string };
}

/** SHA-256 of a value as JSON, as much of it as tells values apart in practice. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);
}
