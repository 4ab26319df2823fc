import { describeMachine, TersorError, type FilePlace } from '@tersor/core';
import type { Outcomes, Summary } from '@tersor/compression';
import { trialId, type StudyPlan } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';
import { isStudyRecord, isTrialRecord, type StudyRecord, type TrialRecord } from './study-records.js';
import type { ResultStore } from './result-store.js';
import { isComparable } from './run-records.js';
import { withoutPasswords } from './without-passwords.js';

/** Describes a study that is about to run on this machine, with `version` of Tersor. */
export function describeStudy(
  study: Study,
  { variants, cells }: Pick<StudyPlan, 'variants' | 'cells'>,
  version: string,
): StudyRecord {
  return {
    format: 1,
    study: withoutPasswords(study),
    variants,
    cells,
    versions: { tersor: version, node: process.version },
    machine: describeMachine(),
  };
}

/**
 * Reads the record of the study in a store; undefined if there is none. Throws `OUTPUT_FAILED` if there is
 * one and `resume` is false, `CHECKPOINT_MISMATCH` if another version ran it, `CONFIG_NOT_FOUND` for a
 * `study.json` that is none.
 */
export async function openStudy(
  store: ResultStore,
  { versions }: Pick<StudyRecord, 'versions'>,
  resume: boolean,
): Promise<StudyRecord | undefined> {
  const before = await recordIn(store);
  if (before && !resume) {
    throw new TersorError('OUTPUT_FAILED', `There is already a study in ${store.name}.`, {
      hint: 'Run the missing trials with --resume, or choose another folder with --out.',
    });
  }
  const other = before && Object.keys(versions).find((name) => before.versions[name] !== versions[name]);
  if (other !== undefined) {
    throw new TersorError(
      'CHECKPOINT_MISMATCH',
      `The study in ${store.name} was run with ${other} ${before!.versions[other]}; this is ${versions[other]}.`,
      {
        hint: 'Results of two versions are not comparable: choose another folder with --out.',
      },
    );
  }
  return before;
}

/** Writes `study.json`. Throws `OUTPUT_FAILED`. */
export async function writeStudy(store: ResultStore, record: StudyRecord): Promise<void> {
  await writeJson(store.study, 'study.json', record);
}

/** The record in a store; undefined for none, or one that was cut off. Throws `CONFIG_NOT_FOUND`. */
async function recordIn(store: ResultStore): Promise<StudyRecord | undefined> {
  const record = await readJson<unknown>(store.study, 'study.json');
  if (record === undefined || isStudyRecord(record)) return record;
  throw new TersorError('CONFIG_NOT_FOUND', `The study.json in ${store.name} is not that of a study.`, {
    hint: 'Give the folder that `tersor study` wrote to, as it left it.',
  });
}

/** Reads `study.json`. Throws `CONFIG_NOT_FOUND` for a store without one. */
export async function readStudy(store: ResultStore): Promise<StudyRecord> {
  const record = await recordIn(store);
  if (!record)
    throw await nothingIn(store.study, 'study.json', {
      message: `There is no study in ${store.name}.`,
      hint: 'Give the folder that `tersor study` wrote to.',
      name: store.name,
    });
  return record;
}

/** The results of a trial, as read from its place. */
export interface TrialContent {
  readonly record: TrialRecord;
  readonly summary?: Summary;
  /** Absent in trials of a version that did not record them. */
  readonly outcomes?: Outcomes;
}

/** Reads how a trial ended; undefined if it was not run, or if its results are those of another config. */
export async function readTrial(store: ResultStore, id: string): Promise<TrialContent | undefined> {
  const place = store.trial(id);
  const record = await readJson<unknown>(place, 'trial.json');
  if (!isTrialRecord(record)) return undefined;
  if (record.status !== 'done') return { record };
  const [summary, outcomes] = await Promise.all([
    readJson<unknown>(place, 'summary.json'),
    readJson<Outcomes>(place, 'outcomes.json'),
  ]);
  return isComparable(summary) && trialId(summary.config) === id
    ? { record, summary, ...(outcomes && { outcomes }) }
    : undefined;
}

/** Writes `trial.json`. Throws `OUTPUT_FAILED`. */
export async function writeTrial(store: ResultStore, record: TrialRecord): Promise<void> {
  await writeJson(store.trial(record.id), 'trial.json', record);
}

/** Reads a JSON file; undefined if it is missing or cut off. */
export async function readJson<T>(place: FilePlace, name: string): Promise<T | undefined> {
  const content = await place.get(name);
  try {
    return content && (JSON.parse(Buffer.from(content).toString('utf8')) as T);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The error for a place of which `readJson` gave nothing: the file is missing, or is there and cut off. */
export async function nothingIn(
  place: FilePlace,
  file: string,
  { message, hint, name }: Readonly<Record<'message' | 'hint' | 'name', string>>,
): Promise<TersorError> {
  if ((await place.get(file)) === undefined) return new TersorError('CONFIG_NOT_FOUND', message, { hint });
  return new TersorError('CONFIG_NOT_FOUND', `The ${file} in ${name} is not whole: it is not JSON.`, {
    hint: 'It may have been cut off while it was copied: copy the folder again.',
  });
}

/** Writes a JSON file atomically: a reader sees the old or the new one. Throws `OUTPUT_FAILED`. */
export async function writeJson(place: FilePlace, name: string, value: unknown): Promise<void> {
  await writeText(place, name, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Writes a text file atomically. Throws `OUTPUT_FAILED`. */
export async function writeText(place: FilePlace, name: string, text: string): Promise<void> {
  await place.put(name, Buffer.from(text));
}
