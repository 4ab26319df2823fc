// A chart of any list in a result file.
import { barChart } from './bar-chart.js';
import { readResult, valueAt } from './results.js';

export interface ListChart {
  /** The result file. */
  readonly list: string;
  /** Where the list is within it. */
  readonly path: string;
  readonly title: string;
  /** What the axis says. */
  readonly axis: string;
  /** Places within an entry: the bar's name, its value, and the ends of its interval. */
  readonly name: string;
  readonly value: string;
  readonly interval?: string;
  /** Turns a value into the unit that is shown; 1 where it is left out. */
  readonly scale?: number;
  /** Name of the picture. */
  readonly image: string;
}

/** A bar for each entry of the list, in its order. */
export function listChart(
  { list: file, path, title, axis, name, value, interval, scale = 1, image }: ListChart,
  draw: (name: string, svg: string) => string,
): string {
  const entries = valueAt(readResult(file), path) as readonly unknown[];
  const bars = entries.map((entry) => ({
    name: String(valueAt(entry, name)),
    value: (valueAt(entry, value) as number) * scale,
    ...(interval !== undefined && {
      interval: (valueAt(entry, interval) as readonly number[]).map((end) => end * scale),
    }),
  }));
  return `![${title}](${draw(image, barChart({ title, axis, bars }))})`;
}
