import type { TrialOutcome } from '@tersor/core';
import { z } from 'zod';
import type { StudyContentRecord } from '../plan/study-content.js';
import type { StudyPlan } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';

/** Content of `trial.json`: how a trial ended. `attempts` is only there if it took more than one. */
export type TrialRecord = TrialOutcome & {
  readonly id: string;
  readonly seconds: number;
  readonly attempts?: number;
};

/** Content of `study.json`: the study that a store holds. */
export interface StudyRecord {
  /** Version of the folder's layout. */
  readonly format: 1;
  readonly study: Study;
  readonly variants: StudyPlan['variants'];
  readonly cells: StudyPlan['cells'];
  readonly versions: Readonly<Record<string, string>>;
  /**
   * What the results come from, by content and version: model, data, tables, plugins. Absent in studies run
   * by versions that did not record it.
   */
  readonly content?: StudyContentRecord;
  /** Platform, processor and cores. */
  readonly machine: string;
}

// Names and numbers that paths and reports are made of: a folder may come from somebody else.
const study = z.looseObject({
  study: z.looseObject({ name: z.string(), seeds: z.array(z.number()) }),
  variants: z.array(z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) })),
  cells: z.array(
    z.looseObject({ variant: z.string(), seed: z.number(), trial: z.string().regex(/^[\da-f]{12}$/) }),
  ),
  versions: z.record(z.string(), z.string()),
  machine: z.string(),
});
const trial = z.union([
  z.looseObject({ status: z.enum(['done', 'interrupted']) }),
  z.looseObject({ status: z.literal('failed'), error: z.string() }),
]);

/** Whether the content of a `study.json` is that of a study. */
export function isStudyRecord(value: unknown): value is StudyRecord {
  return study.safeParse(value).success;
}

/** Whether the content of a `trial.json` says how a trial ended. */
export function isTrialRecord(value: unknown): value is TrialRecord {
  return trial.safeParse(value).success;
}
