import { stringify } from 'csv-stringify/sync';
import { axesOf } from './axes.js';
import { METRICS, type Metric } from './trial-figures.js';
import type { StudyResults } from './study-results.js';

/**
 * `results.csv`: a line for every variant and seed, with the labels of its factors and the figures of
 * `results.json`, full precision; empty cells for what a trial lacks.
 */
export function resultsCsv({ variants, trials }: StudyResults): string {
  const axes = axesOf(variants);
  const labels = new Map(variants.map((row) => [row.variant, row.labels]));
  const metrics = Object.keys(METRICS) as Metric[];
  // Factors may be called like one of ours.
  const header = [
    'variant',
    ...axes.map((axis) => `factor ${axis}`),
    'seed',
    'trial',
    'status',
    'testImages',
    ...metrics,
    'error',
  ];
  const lines = trials.map(({ variant, seed, trial, status, testImages, figures, error }) => [
    variant,
    ...axes.map((axis) => labels.get(variant)?.[axis]),
    seed,
    trial,
    status,
    testImages,
    ...metrics.map((metric) => figures[metric]),
    error,
  ]);
  return stringify([header, ...lines], { escape_formulas: true });
}
