import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isTersorError, messageOf, type TrainConfig } from '@tersor/core';
import type { EpochRecord, StepRecord } from '../training/train.js';
import { LIVE_RECORD, type StartCommand } from './live-record.js';

/** How often steps are written, at most. */
const STEP_MS = 2000;

/** What a record says of a training when it begins, or goes on. */
export interface TrainingStart {
  readonly pid: number;
  readonly host: string;
  readonly config: TrainConfig;
  readonly backend: string;
  /** Epochs that the checkpoint has which it goes on from. */
  readonly epochsDone: number;
  /** Absent where it was not started by the command line. */
  readonly command?: StartCommand;
}

/** An epoch as a record has it. */
export type TrainingEpoch = EpochRecord & { readonly validation: number };

/** One line of the record of a training; `at` is the time in ISO 8601. */
export type TrainingLine = { readonly at: string } & (
  | { readonly training: TrainingStart }
  | { readonly step: { readonly done: number; readonly total: number; readonly loss: number } }
  | { readonly epoch: TrainingEpoch }
  | { readonly notice: string }
  | { readonly ended: { readonly code?: string; readonly message: string } }
);

/** Writes the record of a training as it goes on. */
export interface TrainingRecord {
  begin(start: Omit<TrainingStart, 'pid' | 'host'>): void;
  step(done: number, total: number, step: Pick<StepRecord, 'loss'>): void;
  epoch(record: TrainingEpoch): void;
  notice(text: string): void;
  /** Says that the training ended without a model, and why. */
  fail(error: unknown): void;
}

/**
 * A record of a training for those who watch it: `live.jsonl` beside its checkpoints, one JSON object per
 * line. It goes with the checkpoints when the training is done; a process that goes on appends. What cannot
 * be written is left out: no training fails for it.
 */
export function createTrainingRecord(folder: string): TrainingRecord {
  let hasBegun = false;
  let last = -Infinity;
  const write = (line: object) => {
    if (!hasBegun) return;
    try {
      appendFileSync(
        join(folder, LIVE_RECORD),
        `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`,
      );
    } catch {
      // A disk that is full: the training itself will say so where it matters.
    }
  };
  return {
    begin: (start) => {
      hasBegun = true;
      try {
        if (!existsSync(folder)) mkdirSync(folder);
      } catch {
        return;
      }
      write({ training: { pid: process.pid, host: hostname(), ...start } });
    },
    step: (done, total, { loss }) => {
      const now = performance.now();
      if (done < total && now - last < STEP_MS) return;
      last = now;
      write({ step: { done, total, loss } });
    },
    epoch: (epoch) => write({ epoch }),
    notice: (notice) => write({ notice }),
    fail: (error) => {
      const code = isTersorError(error) ? error.code : undefined;
      write({ ended: { ...(code !== undefined && { code }), message: messageOf(error) } });
    },
  };
}
