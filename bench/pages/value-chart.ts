// Charts of single figures, points and layers, all from result files.
import { barChart } from './bar-chart.js';
import type { Draw } from './fill.js';
import { readResult, valueAt } from './results.js';
import { svgChart, TEXT, titleOf, WIDTH } from './svg-chart.js';

/** Bars of figures of any result files: each `[FILE, PATH]`, and perhaps a factor (4 bytes of a float). */
export interface ValueChart {
  readonly values: Readonly<Record<string, readonly [file: string, path: string, factor?: number]>>;
  readonly title: string;
  readonly axis: string;
  /** Turns a figure into the unit of the axis. */
  readonly scale?: number;
  readonly image: string;
}

/**
 * Points: each `[FILE, PATH of the cost, PATH of the accuracy]` and perhaps a factor of the cost, or two
 * numbers of a paper. With `original`, the place of an accuracy, they show the change to it: networks of two
 * papers are not the same, so neither are their originals. A paper's number is then a change, too.
 */
export interface PointChart {
  readonly points: Readonly<
    Record<
      string,
      | readonly [file: string, cost: string, accuracy: string, factor?: number]
      | readonly [cost: number, accuracy: number]
    >
  >;
  readonly original?: readonly [file: string, path: string];
  readonly title: string;
  readonly axis: string;
  readonly scale: number;
  readonly image: string;
}

/** Channels and bits of each layer, from the policies of the two stages. */
export interface LayerChart {
  readonly channels: string;
  readonly bits: string;
  readonly title: string;
  readonly image: string;
}

const USED = ['ink', 'muted', 'line', 'grid', 'c0', 'c1'] as const;

const numberAt = (file: string, path: string): number => {
  const found = valueAt(readResult(file), path);
  if (typeof found !== 'number') throw new Error(`${file} ${path} is no number`);
  return found;
};

/** The link to the drawing, which `draw` keeps. */
export function valueChart({ values, title, axis, scale = 1, image }: ValueChart, draw: Draw): string {
  const svg = barChart({
    title,
    axis,
    bars: Object.entries(values).map(([name, source]) => ({
      name,
      value: scale * (source[2] ?? 1) * numberAt(source[0], source[1]),
    })),
  });
  return `![${title}](${draw(image, svg)})`;
}

/** Bars of ratios measured in turns, with their lowest and highest; by name, `file#path` as in a table. */
export interface RatioChart {
  readonly ratios: Readonly<Record<string, string>>;
  readonly title: string;
  readonly axis: string;
  readonly image: string;
}

/** The link to the drawing, which `draw` keeps. */
export function ratioChart({ ratios, title, axis, image }: RatioChart, draw: Draw): string {
  const bars = Object.entries(ratios).map(([name, place]) => {
    const [file, path] = place.split('#') as [string, string];
    const at = (field: string) => numberAt(file, `${path}.${field}`);
    return { name, value: at('ratio'), interval: [at('lowest'), at('highest')] };
  });
  return `![${title}](${draw(image, barChart({ title, axis, bars }))})`;
}

const axisOf = (name: string, gap: number) => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameGap: gap,
  axisLabel: { color: 'var(--muted)', fontSize: TEXT },
  nameTextStyle: { color: 'var(--muted)', fontSize: TEXT },
  splitLine: { lineStyle: { color: 'var(--grid)' } },
});
/** Points with their names beside them; the cost on a logarithmic axis. */
export function pointChart({ points, original, title, axis, scale, image }: PointChart, draw: Draw): string {
  const base = original ? numberAt(...original) : 0;
  const data = Object.entries(points).map(([name, source]) => {
    const [cost, accuracy] =
      source.length === 2
        ? source
        : [(source[3] ?? 1) * numberAt(source[0], source[1]), numberAt(source[0], source[2]) - base];
    return { name, value: [cost * scale, 100 * accuracy], isOther: source.length === 2 };
  });
  const options = {
    animation: false,
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    title: titleOf(title).title,
    grid: { left: 60, right: 30, top: 44, bottom: 52 },
    xAxis: { ...axisOf(axis, 30), type: 'log' },
    yAxis: { ...axisOf(original ? 'change of test accuracy, points' : 'test accuracy, %', 40), scale: true },
    series: [
      {
        type: 'scatter',
        symbolSize: 12,
        data: data.map(({ value, isOther }) => ({
          value,
          symbol: isOther ? 'diamond' : 'circle',
          itemStyle: { color: isOther ? 'var(--c1)' : 'var(--c0)' },
        })),
        label: {
          show: true,
          color: 'var(--ink)',
          fontSize: TEXT,
          position: 'right',
          formatter: ({ dataIndex }: { dataIndex: number }) => data[dataIndex]!.name,
        },
        labelLayout: ({ labelRect }: { labelRect: { x: number; width: number } }) =>
          labelRect.x + labelRect.width > WIDTH - 50 ? { x: labelRect.x - 18, align: 'right' } : {},
      },
    ],
  };
  return `![${title}](${draw(image, svgChart(options, { width: WIDTH, height: 360, colours: USED, ids: 'point' }))})`;
}

/** Bars of the channels that each group keeps, and a line of the bits of the layer of that name. */
export function layerChart({ channels, bits, title, image }: LayerChart, draw: Draw): string {
  const plan = valueAt(readResult(channels), 'prune') as readonly {
    group: string;
    keep: readonly number[];
  }[];
  const widths = valueAt(readResult(bits), 'quantize') as Readonly<Record<string, number>>;
  const options = {
    animation: false,
    color: ['var(--c0)', 'var(--c1)'],
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    title: titleOf(title).title,
    legend: { top: 26, left: 0, textStyle: { color: 'var(--ink)', fontSize: TEXT } },
    grid: { left: 60, right: 56, top: 72, bottom: 96 },
    xAxis: {
      type: 'category',
      data: plan.map(({ group }) => group),
      axisLabel: { color: 'var(--ink)', rotate: 55, interval: 0 },
      axisLine: { lineStyle: { color: 'var(--line)' } },
    },
    yAxis: [
      axisOf('channels kept', 40),
      { ...axisOf('bits', 30), min: 0, max: 8, splitLine: { show: false } },
    ],
    series: [
      { name: 'channels', type: 'bar', data: plan.map(({ keep }) => keep.length) },
      {
        name: 'bits',
        type: 'line',
        step: 'middle',
        yAxisIndex: 1,
        symbolSize: 8,
        data: plan.map(({ group }) => widths[group]),
      },
    ],
  };
  return `![${title}](${draw(image, svgChart(options, { width: WIDTH, height: 400, colours: USED, ids: 'layer' }))})`;
}
