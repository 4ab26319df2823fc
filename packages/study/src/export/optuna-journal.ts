import { join } from 'node:path';
import { axesOf } from '../results/axes.js';
import { folderPlace } from '../results/folder-place.js';
import { folderStore } from '../results/result-store.js';
import { gatherResults, type StudyResults } from '../results/study-results.js';
import { writeText } from '../results/study-store.js';
import type { Metric, TrialRow } from '../results/trial-figures.js';

/** The study's objectives in Optuna's order, and Optuna's number for which way is better. */
const [MINIMIZE, MAXIMIZE] = [1, 2];
const OBJECTIVES: readonly (readonly [Metric, number])[] = [
  ['testAccuracy', MAXIMIZE],
  ['bytes', MINIMIZE],
  ['macs', MINIMIZE],
];
/** Operations and states of Optuna's journal. */
const [CREATE_STUDY, CREATE_TRIAL] = [0, 4];
const [COMPLETE, FAILED] = [1, 3];
const WORKER = 'tersor';

/**
 * Writes the trials of a study to `optuna.log` in its folder, as an Optuna journal (`JournalFileBackend`,
 * Optuna 4 and later) that optuna-dashboard opens. The parameters are the factors of the grid and the seed;
 * the objectives are test accuracy, bytes and multiply-adds. Returns the path of the file. Throws
 * `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`.
 */
export async function writeOptunaJournal(folder: string): Promise<string> {
  const { results } = await gatherResults(folderStore(folder));
  const name = 'optuna.log';
  await writeText(folderPlace(folder), name, optunaJournal(results, new Date()));
  return join(folder, name);
}

/** The text of the journal, one operation per line. Trials do not record when they ended: all get `ended`. */
export function optunaJournal({ name, variants, trials }: StudyResults, ended: Date): string {
  const labels = new Map(variants.map((row) => [row.variant, row.labels]));
  const axes = axesOf(variants);
  const factors = axes.map((axis) =>
    factorOf(axis, [...new Set(variants.flatMap((row) => row.labels[axis] ?? []))]),
  );
  const seeds = trials.map(({ seed }) => seed);
  const distributions = {
    ...Object.fromEntries(factors.map(({ axis, distribution }) => [axis, distribution])),
    seed: integer(Math.min(...seeds), Math.max(...seeds)),
  };
  const study = { op_code: CREATE_STUDY, worker_id: WORKER, study_name: name };
  const operations = trials
    .filter(({ status }) => status === 'done' || status === 'failed')
    .map((row) => ({
      op_code: CREATE_TRIAL,
      worker_id: WORKER,
      study_id: 0,
      datetime_start: timeOf(ended.getTime() - 1000 * (row.figures.seconds ?? 0)),
      datetime_complete: timeOf(ended.getTime()),
      // No nulls: the dashboard's app in the browser takes one for a value.
      ...(row.status === 'done'
        ? { state: COMPLETE, values: OBJECTIVES.map(([metric]) => row.figures[metric]) }
        : { state: FAILED }),
      distributions,
      params: {
        ...Object.fromEntries(
          factors.map(({ axis, valueOf }) => [axis, valueOf(labels.get(row.variant)![axis]!)]),
        ),
        seed: row.seed,
      },
      user_attrs: attributes(row),
      system_attrs: {},
      intermediate_values: {},
    }));
  const first = { ...study, directions: OBJECTIVES.map(([, direction]) => direction) };
  return [first, ...operations].map((operation) => `${JSON.stringify(operation)}\n`).join('');
}

/** ISO 8601 with an offset: Python before 3.11 does not read a "Z". */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '+00:00');
}

/** Everything else known about a trial, for the dashboard's table. */
function attributes({ variant, trial, error, figures }: TrialRow): object {
  return { variant, trial, ...(error !== undefined && { error }), ...figures };
}

/** A factor of the grid as a parameter of Optuna's. */
interface Factor {
  readonly axis: string;
  readonly distribution: string;
  /** What a trial says that it had. */
  valueOf(label: string): number;
}

/**
 * Numbers, where all labels are: a trial then has no list of a thousand of them, and the dashboard draws them
 * as what they are.
 */
function factorOf(axis: string, labels: readonly string[]): Factor {
  const numbers = labels.map((label) => (label.trim() === '' ? NaN : Number(label)));
  if (numbers.every(Number.isFinite))
    return { axis, distribution: float(Math.min(...numbers), Math.max(...numbers)), valueOf: Number };
  return { axis, distribution: categorical(labels), valueOf: (label) => labels.indexOf(label) };
}

function float(low: number, high: number): string {
  return JSON.stringify({ name: 'FloatDistribution', attributes: { log: false, low, high } });
}

function categorical(choices: readonly string[]): string {
  return JSON.stringify({ name: 'CategoricalDistribution', attributes: { choices } });
}

function integer(low: number, high: number): string {
  return JSON.stringify({ name: 'IntDistribution', attributes: { log: false, step: 1, low, high } });
}
