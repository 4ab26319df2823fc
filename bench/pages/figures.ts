// How figures look on the benchmark pages.
import type { Difference, Estimate } from '@tersor/study';

/** Forms that a plain number can have. */
export const FORMS = {
  percent: (value: number) => `${(100 * value).toFixed(1)}%`,
  percent2: (value: number) => `${(100 * value).toFixed(2)}%`,
  percent0: (value: number) => `${(100 * value).toFixed(0)}%`,
  points: (value: number) => `${signed(100 * value, 2)} points`,
  count: (value: number) => Math.round(value).toLocaleString('en'),
  millions: (value: number) => `${(value / 1e6).toFixed(1)} M`,
  millions2: (value: number) => `${(value / 1e6).toFixed(2)} M`,
  kilobytes: (value: number) => `${(value / 1e3).toFixed(1)} kB`,
  megabytes: (value: number) => `${(value / 1e6).toFixed(2)} MB`,
  gibibytes: (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`,
  gibibytes2: (value: number) => `${(value / 2 ** 30).toFixed(2)} GiB`,
  minutes: (value: number) => String(Math.round(value / 60)),
  times: (value: number) => value.toFixed(2),
  times1: (value: number) => value.toFixed(1),
  times0: (value: number) => value.toFixed(0),
  reward: (value: number) => value.toFixed(3),
} as const;

export type Form = keyof typeof FORMS;

export function isForm(name: string): name is Form {
  return name in FORMS;
}

/** With its sign, zero too. */
export function signed(value: number, digits: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
}

interface Column {
  readonly title: string;
  /** Turns a value of the results into the unit that is shown. */
  readonly scale: number;
  readonly digits: number;
  readonly unit: string;
}

/** The metrics of a study as the pages show them. */
export const METRIC_COLUMNS: Readonly<Record<string, Column>> = {
  testAccuracy: { title: 'test accuracy, %', scale: 100, digits: 1, unit: 'points' },
  validationAccuracy: { title: 'validation accuracy, %', scale: 100, digits: 1, unit: 'points' },
  pruneReward: { title: 'best reward, pruning', scale: 1, digits: 3, unit: '' },
  quantizeReward: { title: 'best reward, bits', scale: 1, digits: 3, unit: '' },
  bytes: { title: 'bytes', scale: 1, digits: 0, unit: 'bytes' },
  macs: { title: 'multiply-adds, millions', scale: 1e-6, digits: 1, unit: 'millions' },
  parameters: { title: 'parameters', scale: 1, digits: 0, unit: '' },
  episodesPerMinute: { title: 'episodes a minute', scale: 1, digits: 0, unit: '' },
  peakResidentBytes: { title: 'peak memory, MiB', scale: 2 ** -20, digits: 0, unit: 'MiB' },
};

export function columnOf(metric: string): Column {
  const column = METRIC_COLUMNS[metric];
  if (!column) throw new Error(`No metric "${metric}": ${Object.keys(METRIC_COLUMNS).join(', ')}`);
  return column;
}

/** Mean, and the standard deviation over the seeds where it is not zero. */
export function estimateText(metric: string, { mean, deviation }: Estimate): string {
  const { scale, digits } = columnOf(metric);
  const write = (value: number) =>
    digits === 0 ? Math.round(value * scale).toLocaleString('en') : (value * scale).toFixed(digits);
  return deviation !== undefined && Number(write(deviation).replaceAll(',', '')) > 0
    ? `${write(mean)} ± ${write(deviation)}`
    : write(mean);
}

/** Mean difference, its 95% interval, and Holm's p. */
export function differenceText(metric: string, difference: Difference): string {
  const { mean, interval, adjusted, p = adjusted } = difference;
  const { scale, digits } = columnOf(metric);
  const write = (value: number) => signed(value * scale, digits);
  const chance = adjusted ?? p;
  const inside = [
    ...(interval ? [`${write(interval[0])} to ${write(interval[1])}`] : []),
    ...(chance === undefined ? [] : [chance < 0.001 ? 'p < 0.001' : `p = ${chance.toFixed(3)}`]),
  ];
  return `${write(mean)}${inside.length > 0 ? ` (${inside.join('; ')})` : ''}`;
}
