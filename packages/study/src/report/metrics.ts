import { grouped, percent } from '@tersor/core';
import type { Metric } from '../results/trial-figures.js';
import { duration, memory, points, short } from './html.js';

/** How a metric is displayed. */
export interface MetricFormat {
  readonly title: string;
  /** Whether higher values are better. */
  readonly higherIsBetter: boolean;
  format(value: number): string;
  /** Short form for axes. */
  axis(value: number): string;
  /** A difference, with its sign. */
  change(difference: number): string;
}

const shares = {
  higherIsBetter: true,
  format: percent,
  axis: (value: number) => `${Number((value * 100).toFixed(2))}%`,
  change: (value: number) => `${points(value)} points`,
};
const counts = {
  higherIsBetter: false,
  format: grouped,
  axis: short,
  change: (value: number) => signed(value, short),
};
const rewards = {
  higherIsBetter: true,
  format: (value: number) => value.toFixed(4),
  axis: (value: number) => String(Number(value.toPrecision(3))),
  change: (value: number) => signed(value, (size) => size.toFixed(4)),
};

export const FORMATS: Readonly<Record<Metric, MetricFormat>> = {
  testAccuracy: { title: 'Test accuracy', ...shares },
  accuracyChange: {
    title: 'Change of test accuracy from the original',
    ...shares,
    format: (value) => `${points(value)} points`,
    axis: points,
  },
  validationAccuracy: { title: 'Validation accuracy', ...shares },
  bytes: { title: 'Bytes on disk', ...counts },
  macs: { title: 'Multiply-adds', ...counts },
  parameters: { title: 'Parameters', ...counts },
  pruneReward: { title: 'Best reward of stage 1, pruning', ...rewards },
  quantizeReward: { title: 'Best reward of stage 2, bit widths', ...rewards },
  seconds: {
    title: 'Seconds of a trial',
    higherIsBetter: false,
    format: duration,
    axis: duration,
    change: (value) => signed(value, duration),
  },
  episodesPerMinute: {
    title: 'Episodes per minute',
    higherIsBetter: true,
    format: rate,
    axis: rate,
    change: (value) => signed(value, rate),
  },
  peakResidentBytes: {
    title: 'Peak memory',
    higherIsBetter: false,
    format: memory,
    axis: memory,
    change: (value) => signed(value, memory),
  },
};

/** Three digits: two runs on one machine agree on fewer. */
function rate(perMinute: number): string {
  return perMinute >= 100 ? grouped(perMinute) : String(Number(perMinute.toPrecision(3)));
}

function signed(value: number, format: (size: number) => string): string {
  return `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`;
}
