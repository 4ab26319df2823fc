import { z } from 'zod';
import type { StudyRecord, TrialRecord } from './study-store.js';

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
