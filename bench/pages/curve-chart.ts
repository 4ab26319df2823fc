// Curves of searches, best reward so far, and lines of any list in a result file.
import type { Draw } from './fill.js';
import { lineChart, type Lines } from './line-chart.js';
import { readResult, valueAt } from './results.js';

export interface CurveChart {
  /** A result file, and the path of a list of `{ name, curve }` in it. */
  readonly curves: string;
  readonly path: string;
  readonly title: string;
  /** Names of the curves that are drawn, at most as many as there are colours. */
  readonly names: readonly string[];
  readonly image: string;
}

/** Best reward so far of searches: by name, the `file` of a search's episodes and its stage. */
export interface SearchChart {
  readonly searches: Readonly<Record<string, readonly [file: string, stage: string]>>;
  readonly title: string;
  readonly image: string;
}

/** Lines of lists: by name the result file; in each the list at `path`, with the fields `x` and `y`. */
export interface ListLineChart {
  readonly lines: Readonly<Record<string, string>>;
  readonly path: string;
  readonly x: string;
  readonly y: string;
  /** Turns a value into the unit that is shown. */
  readonly scale: number;
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  readonly image: string;
}

const SEARCH: Pick<Lines, 'xAxis' | 'yAxis' | 'from' | 'step'> = {
  xAxis: 'evaluations',
  yAxis: 'best reward so far',
  from: 1,
  step: true,
};
const numbered = (values: readonly number[]) => values.map((value, i) => [i + 1, value] as const);

/** Lines over evaluations; the link to the drawing, which `draw` keeps. */
export function curveChart({ curves, path, title, names, image }: CurveChart, draw: Draw): string {
  const rows = valueAt(readResult(curves), path) as readonly { name: string; curve: readonly number[] }[];
  const lines = names.map((name) => {
    const found = rows.find((row) => row.name === name);
    if (!found) throw new Error(`No curve "${name}": ${rows.map((row) => row.name).join(', ')}`);
    return { name, points: numbered(found.curve) };
  });
  return `![${title}](${draw(image, lineChart({ ...SEARCH, title, lines }))})`;
}

/** The same from the episodes of searches. */
export function searchChart({ searches, title, image }: SearchChart, draw: Draw): string {
  const lines = Object.entries(searches).map(([name, [file, stage]]) => {
    const episodes = valueAt(readResult(file), stage) as readonly { reward: number }[];
    let best = -Infinity;
    return { name, points: numbered(episodes.map(({ reward }) => (best = Math.max(best, reward)))) };
  });
  return `![${title}](${draw(image, lineChart({ ...SEARCH, title, lines }))})`;
}

/** Lines of measured figures, from 0 on. */
export function listLineChart(
  { lines: files, path, x, y, scale, title, xAxis, yAxis, image }: ListLineChart,
  draw: Draw,
): string {
  const lines = Object.entries(files).map(([name, file]) => ({
    name,
    points: (valueAt(readResult(file), path) as readonly unknown[]).map(
      (entry) => [valueAt(entry, x) as number, scale * (valueAt(entry, y) as number)] as const,
    ),
  }));
  return `![${title}](${draw(image, lineChart({ title, xAxis, yAxis, zero: true, lines }))})`;
}
