import { unpackBits, type Outcomes } from '@tersor/compression';
import type { Sample } from '../statistics/error-of-mean.js';
import type { Metric, TrialRow } from './trial-figures.js';

/** Smallest and largest possible value of a metric. */
const BOUNDS: Readonly<Partial<Record<Metric, readonly [number, number]>>> = {
  testAccuracy: [0, 1],
  validationAccuracy: [0, 1],
  accuracyChange: [-1, 1],
  bytes: [0, Infinity],
  macs: [0, Infinity],
  parameters: [0, Infinity],
  seconds: [0, Infinity],
  episodesPerMinute: [0, Infinity],
  peakResidentBytes: [0, Infinity],
};

/**
 * A trial's value of a metric as a sample; for accuracies on the test images it includes the number of images
 * and, if recorded, the outcome of each. Undefined if the trial lacks the metric.
 */
export function sampleOf(
  { figures, testImages: count }: TrialRow,
  metric: Metric,
  outcomes: Outcomes | undefined,
): Sample | undefined {
  const value = figures[metric];
  const { testAccuracy, accuracyChange } = figures;
  const bounds = BOUNDS[metric];
  if (value === undefined) return undefined;
  if (
    (metric !== 'testAccuracy' && metric !== 'accuracyChange') ||
    count === undefined ||
    testAccuracy === undefined ||
    accuracyChange === undefined
  )
    return { value, ...(bounds && { bounds }) };
  const original = testAccuracy - accuracyChange;
  const variance =
    bernoulliVariance(testAccuracy) + (metric === 'accuracyChange' ? bernoulliVariance(original) : 0);
  const kept = outcomes && outcomesOf(outcomes, metric, { value, count });
  return {
    value,
    ...(bounds && { bounds }),
    images: { count, variance, ...(kept && outcomes && { outcomes: kept, id: outcomes.images }) },
  };
}

/** Variance of the outcome of one image that is right with probability `p`. */
function bernoulliVariance(p: number): number {
  return p * (1 - p);
}

/** Contribution of each image to the metric; undefined if the outcomes do not match the trial's figures. */
function outcomesOf(
  outcomes: Outcomes,
  metric: 'testAccuracy' | 'accuracyChange',
  { value, count }: { value: number; count: number },
): Int8Array | undefined {
  const [right, before] = [outcomes.compressed, outcomes.baseline].map((text) => unpackBits(text, count));
  if (!right || !before || count !== outcomes.count) return undefined;
  const added = Int8Array.from(right, (each, i) => each - (metric === 'accuracyChange' ? before[i]! : 0));
  const total = added.reduce((sum, each) => sum + each, 0);
  return Math.abs(total - value * count) < 0.5 ? added : undefined;
}
