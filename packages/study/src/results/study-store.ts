import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine, makeFolder, TersorError } from '@tersor/core';
import { writeWhole } from '@tersor/network';
import type { LayerFigures, Outcomes, Summary } from '@tersor/compression';
import type { StudyContentRecord } from '../plan/study-content.js';
import { trialId, type StudyPlan } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';
import type { TrialOutcome } from '../trials/trial-runner.js';

/** `trial.json`: how a trial ended; `attempts` where it took more than one. */
export type TrialRecord = TrialOutcome & {
  readonly id: string;
  readonly seconds: number;
  readonly attempts?: number;
};

/** `study.json`: what the study in a folder is. */
export interface StudyRecord {
  /** Version of the folder's layout. */
  readonly format: 1;
  readonly study: Study;
  readonly variants: StudyPlan['variants'];
  readonly cells: StudyPlan['cells'];
  readonly versions: Readonly<Record<string, string>>;
  /**
   * What the results come from, by content and version: model, data, tables, plugins. Absent in studies of
   * versions that did not record it.
   */
  readonly content?: StudyContentRecord;
  /** Platform, processor and cores. */
  readonly machine: string;
}

/** The folder of one trial. */
export function trialFolder(folder: string, id: string): string {
  return join(folder, 'trials', id);
}

/** Describes a study about to run here, with `version` of Tersor. */
export function describeStudy(study: Study, { variants, cells }: StudyPlan, version: string): StudyRecord {
  return {
    format: 1,
    study,
    variants,
    cells,
    versions: { tersor: version, node: process.version },
    machine: describeMachine(),
  };
}

/**
 * Looks what study is in a folder; undefined for none. Throws `OUTPUT_FAILED` for one when `resume` is not
 * set, and `CHECKPOINT_MISMATCH` when it was run by another version.
 */
export async function openStudyFolder(
  folder: string,
  { versions }: Pick<StudyRecord, 'versions'>,
  resume: boolean,
): Promise<StudyRecord | undefined> {
  const before = await readJson<StudyRecord>(join(folder, 'study.json'));
  if (before && !resume) {
    throw new TersorError('OUTPUT_FAILED', `There is a study in ${folder} already.`, {
      hint: 'Run what is missing with --resume, or choose another folder with --out.',
    });
  }
  const other = before && Object.keys(versions).find((name) => before.versions[name] !== versions[name]);
  if (other !== undefined) {
    throw new TersorError(
      'CHECKPOINT_MISMATCH',
      `The study in ${folder} was run with ${other} ${before!.versions[other]}; this is ${versions[other]}.`,
      {
        hint: 'Results of two versions are not comparable: choose another folder with --out.',
      },
    );
  }
  return before;
}

/** Writes `study.json`. Throws `OUTPUT_FAILED`. */
export async function writeStudy(folder: string, record: StudyRecord): Promise<void> {
  await writeJson(join(folder, 'study.json'), record);
}

/** Reads `study.json`. Throws `CONFIG_NOT_FOUND` for a folder without one. */
export async function readStudy(folder: string): Promise<StudyRecord> {
  const record = await readJson<StudyRecord>(join(folder, 'study.json'));
  if (!record)
    throw new TersorError('CONFIG_NOT_FOUND', `There is no study in ${folder}.`, {
      hint: 'Give the folder that `tersor study` wrote to.',
    });
  return record;
}

/** What the folder of a trial holds. */
export interface TrialContent {
  readonly record: TrialRecord;
  readonly summary?: Summary;
  readonly layers?: readonly LayerFigures[];
  /** Absent in trials of a version that did not record them. */
  readonly outcomes?: Outcomes;
}

/** How a trial ended; undefined for one that was not run, or whose results are not those of its settings. */
export async function readTrial(folder: string, id: string): Promise<TrialContent | undefined> {
  const own = trialFolder(folder, id);
  const record = await readJson<TrialRecord>(join(own, 'trial.json'));
  if (!record) return undefined;
  if (record.status !== 'done') return { record };
  const summary = await readJson<Summary>(join(own, 'summary.json'));
  const layers = await readJson<LayerFigures[]>(join(own, 'layers.json'));
  const outcomes = await readJson<Outcomes>(join(own, 'outcomes.json'));
  return summary && trialId(summary.config) === id
    ? { record, summary, ...(layers && { layers }), ...(outcomes && { outcomes }) }
    : undefined;
}

/** Writes `trial.json`. */
export async function writeTrial(folder: string, record: TrialRecord): Promise<void> {
  await makeFolder(trialFolder(folder, record.id));
  await writeJson(join(trialFolder(folder, record.id), 'trial.json'), record);
}

/** Reads a JSON file; undefined where there is none or it is cut off. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a JSON file in one step: a reader sees the old or the new one. Throws `OUTPUT_FAILED`. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Writes a text file in one step; where it fails, nothing is left beside the old one. Throws `OUTPUT_FAILED`.
 */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeWhole(path, text);
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
