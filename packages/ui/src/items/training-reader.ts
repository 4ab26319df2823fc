import { join } from 'node:path';
import { percent } from '@tersor/core';
import {
  holderOf,
  LIVE_RECORD,
  type EpochRecord,
  type LockHolder,
  type TrainingEpoch,
  type TrainingLine,
  type TrainingStart,
  type TrainSummary,
} from '@tersor/compression';
import { folderPlace, readJson } from '@tersor/study';
import { resumable } from '../actions/resume.js';
import type { FoundFolder, Item, Status } from './item.js';
import { createRecordReader } from './record-reader.js';
import { timeOf } from './time-of.js';

/** What the record of a training says so far. */
export interface TrainingState {
  readonly start: TrainingStart | undefined;
  readonly epochs: readonly TrainingEpoch[];
  readonly step: { readonly done: number; readonly total: number; readonly loss: number } | undefined;
  readonly notices: readonly { readonly at: string; readonly text: string }[];
  readonly ended: { readonly code?: string; readonly message: string } | undefined;
}

/** Everything that a list and a page say of a training. */
export interface TrainingFacts {
  readonly status: Status;
  readonly detail?: string;
  readonly changed: number;
  readonly holder: LockHolder | undefined;
  /** What its record says; undefined for one that is done. */
  readonly state: TrainingState | undefined;
  /** `training.json`, where it is done. */
  readonly summary: TrainSummary | undefined;
  /** Of the record, or of the summary, which does not have the validation images. */
  readonly epochs: readonly (EpochRecord & { readonly validation?: number })[];
}

/** Looks at the folder of a training again and again; what has not changed is not read again. */
export interface TrainingReader {
  facts(): Promise<TrainingFacts>;
}

type Changing = { -readonly [Key in keyof TrainingState]: TrainingState[Key] };

const EMPTY = (): Changing => ({
  start: undefined,
  epochs: [],
  step: undefined,
  notices: [],
  ended: undefined,
});

/** Where the record of a training lies: beside its folder. */
export function trainingRecord(folder: string): string {
  return join(`${folder}.checkpoint`, LIVE_RECORD);
}

/** Reads the record of the training that writes to a folder. */
export function createTrainingStateReader(folder: string) {
  return createRecordReader<Changing, TrainingLine>(trainingRecord(folder), EMPTY, take);
}

export function createTrainingReader(folder: string): TrainingReader {
  const record = trainingRecord(folder);
  const live = createTrainingStateReader(folder);
  let known: { readonly stamp: number; readonly summary: TrainSummary | undefined } | undefined;
  const summaryOf = async (stamp: number) => {
    if (known?.stamp !== stamp) {
      const read = await readJson<TrainSummary>(folderPlace(folder), 'training.json').catch(() => undefined);
      const isOurs = Array.isArray(read?.history) && typeof read?.accuracy?.test === 'number';
      known = { stamp, summary: isOurs ? read : undefined };
    }
    return known.summary;
  };
  return {
    facts: async () => {
      const [done, recorded] = await Promise.all([timeOf(join(folder, 'training.json')), timeOf(record)]);
      const holder = holderOf(folder);
      const state = recorded === undefined ? undefined : await live.read();
      const isDone = done !== undefined && !holder && (recorded === undefined || done > recorded);
      const summary = isDone ? await summaryOf(done) : undefined;
      const shown = isDone ? undefined : state;
      const epochs = summary?.history ?? shown?.epochs ?? [];
      const changed = Math.max(done ?? 0, recorded ?? 0);
      const status = holder ? (holder.isHere ? 'running' : 'elsewhere') : isDone ? 'done' : endOf(shown);
      const why = ['stopped', 'died', 'failed'].includes(status) ? reasonOf(shown) : undefined;
      return {
        ...{ status, changed, holder, state: shown, summary, epochs },
        ...(why !== undefined && { detail: why }),
      };
    },
  };
}

/** The item of a training, without its revision. */
export async function trainingItem(
  found: FoundFolder,
  reader: TrainingReader,
): Promise<Omit<Item, 'revision'>> {
  const { status, detail, changed, state, summary, epochs } = await reader.facts();
  const isOver = ['stopped', 'died', 'failed'].includes(status);
  const total = state?.start?.config?.train?.epochs;
  const last = epochs.at(-1);
  const soFar = last && `loss ${last.loss.toFixed(3)}, training ${percent(last.accuracy)}`;
  const said = detail ?? (summary ? undefined : (soFar ?? 'begins'));
  return {
    ...found,
    status,
    ...(said !== undefined && { detail: said }),
    ...(total !== undefined && { progress: { done: epochs.length, total, of: 'epochs' } }),
    ...(summary && { result: `${percent(summary.accuracy.test)} of the test images` }),
    changed,
    canStop: status === 'running' && process.platform !== 'win32',
    ...(isOver && resumable('training', state?.start?.command, { host: state?.start?.host })),
    isComparable: false,
  };
}

function endOf(state: TrainingState | undefined): Status {
  if (!state?.ended) return 'died';
  return state.ended.code === 'INTERRUPTED' ? 'stopped' : 'failed';
}

function reasonOf(state: TrainingState | undefined): string {
  if (!state?.ended) return 'its process is gone';
  const { code, message } = state.ended;
  if (code === 'INTERRUPTED') return 'stopped as requested';
  return code === undefined ? message : `${message} [${code}]`;
}

function take(state: Changing, line: TrainingLine): void {
  if ('training' in line) {
    const { epochsDone } = line.training;
    [state.start, state.ended, state.step] = [line.training, undefined, undefined];
    state.epochs = state.epochs.filter(({ epoch }) => epoch <= epochsDone);
  } else if ('epoch' in line) {
    // One that was saved, but whose line a killed process did not write, is missing: that is no harm.
    state.epochs = [...state.epochs.filter(({ epoch }) => epoch < line.epoch.epoch), line.epoch];
  } else if ('step' in line) {
    state.step = line.step;
  } else if ('notice' in line) {
    state.notices = [...state.notices, { at: line.at, text: line.notice }];
  } else if ('ended' in line) {
    state.ended = line.ended;
  }
}
