// Lines over steps, as SVG that follows the reader's light or dark.
import { svgChart, TEXT, titleOf, WIDTH } from './svg-chart.js';

export interface Lines {
  readonly title: string;
  readonly xAxis: string;
  readonly yAxis: string;
  /** Least value of the horizontal axis. */
  readonly from?: number;
  /** The vertical axis begins at 0; otherwise where the lines do. */
  readonly zero?: boolean;
  /** Lines stay at a value until the next. */
  readonly step?: boolean;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

/** Told apart on light and on dark ground. */
const COLOURS = ['#0b74de', '#d9480f', '#2b9348', '#8a63d2', '#c2255c', '#a07800', '#0e9aa7', '#7a7f87'];

const USED = ['ink', 'muted', 'grid'] as const;

/** The lines with a legend above; at most as many as there are colours. */
export function lineChart({ title, xAxis, yAxis, from, zero, step, lines }: Lines): string {
  const { title: head, titleHeight } = titleOf(title);
  const axis = {
    type: 'value',
    axisLabel: { color: 'var(--muted)', fontSize: TEXT },
    nameTextStyle: { color: 'var(--muted)', fontSize: TEXT },
    splitLine: { lineStyle: { color: 'var(--grid)' } },
    nameLocation: 'middle',
  };
  const options = {
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    title: head,
    legend: { top: titleHeight + 9, left: 0, textStyle: { color: 'var(--ink)', fontSize: TEXT } },
    grid: { left: 64, right: 20, top: titleHeight + 66, bottom: 52 },
    xAxis: { ...axis, name: xAxis, nameGap: 30, min: from ?? 0 },
    yAxis: { ...axis, name: yAxis, nameGap: 46, ...(zero ? { min: 0 } : { scale: true }) },
    series: lines.map(({ name, points }) => ({
      name,
      type: 'line',
      ...(step && { step: 'end' }),
      showSymbol: false,
      lineStyle: { width: 2 },
      data: points.map((point) => [...point]),
    })),
  };
  return svgChart(options, { width: WIDTH, height: 341 + titleHeight, colours: USED, ids: 'curve' });
}
