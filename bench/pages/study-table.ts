// Tables and charts of studies: their variants, across the seeds.
import type { StudyResults } from '@tersor/study';
import { barChart } from './bar-chart.js';
import { columnOf, differenceText, estimateText } from './figures.js';
import { readStudy } from './results.js';
import { markdownTable } from './markdown-table.js';

type VariantRow = StudyResults['variants'][number];

interface Rows {
  readonly study: string;
  /** Only variants whose labels have these values. */
  readonly where?: Readonly<Record<string, string>>;
  /** Metric that rows are sorted by, best (largest) first; as in the study where it is left out. */
  readonly sort?: string;
}

export interface StudyTable extends Rows {
  /** A metric, or `difference METRIC` to the row's baseline. */
  readonly columns: readonly string[];
  /** Heading of the first column; the name of the study's labels where it is left out. */
  readonly rows?: string;
}

/** A table with a row for each variant: mean and standard deviation over the seeds. */
export function studyTable({ columns, rows: heading, ...select }: StudyTable): string {
  const variants = rowsOf(select);
  const labels = Object.keys(variants[0]!.labels).filter((label) => !(label in (select.where ?? {})));
  const baseline = sharedBaseline(variants);
  const titles = columns.map((column) => {
    const [metric, isDifference] = metricOf(column);
    return isDifference ? `against ${baseline}: ${columnOf(metric).title} (95%; p)` : columnOf(metric).title;
  });
  return markdownTable(
    [...(heading === undefined ? labels : [heading]), ...titles],
    variants.map((row) => [
      ...(heading === undefined ? labels.map((label) => row.labels[label] ?? '') : [row.variant]),
      ...columns.map((column) => cell(row, column)),
    ]),
  );
}

export interface StudyChart extends Rows {
  readonly metric: string;
  readonly title: string;
  /** Label that names the bars; the variant's own name where it is left out. */
  readonly label?: string;
}

/**
 * Bars of a metric's mean with its 95% interval; the page's table has the numbers. The link to the drawing,
 * which `draw` keeps.
 */
export function studyChart(
  { metric, title, label, ...select }: StudyChart,
  draw: (name: string, svg: string) => string,
): string {
  const { scale, title: axis } = columnOf(metric);
  const bars = rowsOf(select).flatMap((row) => {
    const found = row.estimates[metric as keyof typeof row.estimates];
    return found
      ? [
          {
            name: label === undefined ? row.variant : row.labels[label]!,
            value: found.mean * scale,
            ...(found.interval && { interval: found.interval.map((end) => end * scale) }),
          },
        ]
      : [];
  });
  const name = [select.study, metric, ...Object.values(select.where ?? {})]
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return `![${title}](${draw(name, barChart({ title, axis, bars }))})`;
}

/** The baseline's name; where parts of a study have one each, what their labels share. */
function sharedBaseline(variants: readonly VariantRow[]): string {
  const names = [...new Set(variants.flatMap(({ baseline }) => baseline ?? []))];
  if (names.length <= 1) return names[0] ?? '';
  const [first, ...others] = names.map((name) => variants.find(({ variant }) => variant === name)!.labels);
  return Object.entries(first!)
    .filter(([label, value]) => others.every((labels) => labels[label] === value))
    .map(([, value]) => value)
    .join(', ');
}

function rowsOf({ study, where = {}, sort }: Rows): VariantRow[] {
  const rows = readStudy(study).variants.filter(({ labels }) =>
    Object.entries(where).every(([label, value]) => labels[label] === value),
  );
  if (rows.length === 0) throw new Error(`${study} has no variant with ${JSON.stringify(where)}`);
  if (sort === undefined) return rows;
  const value = ({ estimates }: VariantRow) => estimates[sort as keyof typeof estimates]?.mean ?? -Infinity;
  return [...rows].sort((a, b) => value(b) - value(a));
}

function cell(row: VariantRow, column: string): string {
  const [metric, isDifference] = metricOf(column);
  if (isDifference) {
    const found = row.differences?.[metric as keyof VariantRow['estimates']];
    return found ? differenceText(metric, found) : '';
  }
  const found = row.estimates[metric as keyof VariantRow['estimates']];
  return found ? estimateText(metric, found) : '';
}

function metricOf(column: string): [metric: string, isDifference: boolean] {
  return column.startsWith('difference ') ? [column.slice('difference '.length), true] : [column, false];
}

/** The difference of a variant to its baseline, as prose has it. */
export function differenceOf(study: string, variant: string, metric: string): string {
  const row = readStudy(study).variants.find((each) => each.variant === variant);
  const found = row?.differences?.[metric as keyof VariantRow['estimates']];
  if (!found) throw new Error(`${study} has no difference of ${metric} for "${variant}"`);
  const { unit } = columnOf(metric);
  return differenceText(metric, found).replace(/^[^ ]+/, (mean) => (unit ? `${mean} ${unit}` : mean));
}

/** The smallest p, after Holm's correction, of a metric's differences in a study. */
export function smallestP(study: string, metric: string): string {
  const all = readStudy(study).variants.flatMap(
    (row) => row.differences?.[metric as keyof VariantRow['estimates']]?.adjusted ?? [],
  );
  if (all.length === 0) throw new Error(`${study} has no corrected p for ${metric}`);
  const least = Math.min(...all);
  return least < 0.001 ? '< 0.001' : least.toFixed(2);
}
