// Bars with intervals, as SVG that follows the reader's light or dark.
import { svgChart } from './svg-chart.js';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Ends of its interval. */
  readonly interval?: readonly number[];
}

const WIDTH = 720;
const ROW = 34;
/** Room above the bars for the title, and below for the axis. */
const ABOVE = 40;
const BELOW = 52;

const STYLE = `<style>
svg { --ink: #1b1d21; --muted: #5c626b; --line: #b6bbc4; --grid: #e6e8ec; --bar: #0b5cad; font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e8eaed; --muted: #a3a9b3; --line: #565c66; --grid: #2a2e34; --bar: #7ab8ff; }
}
</style>`;

/** Horizontal bars, the first on top, with a whisker for each interval. */
export function barChart({
  title,
  axis,
  bars,
}: {
  title: string;
  axis: string;
  bars: readonly Bar[];
}): string {
  const height = ABOVE + BELOW + ROW * bars.length;
  const least = Math.min(0, ...bars.map(({ value }) => value));
  const most = Math.max(...bars.flatMap(({ value, interval }) => [value, interval?.[1] ?? value]));
  const options = {
    animation: false,
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    title: { text: title, left: 0, top: 0, textStyle: { fontSize: 15, color: 'var(--ink)' } },
    grid: { left: 210, right: 70, top: ABOVE, bottom: BELOW },
    xAxis: {
      type: 'value',
      name: axis,
      nameLocation: 'middle',
      nameGap: 28,
      min: least,
      // An accuracy's interval may end beyond what an accuracy can be.
      max: axis.includes('%') ? Math.min(100, niceAbove(most)) : niceAbove(most),
      axisLabel: { color: 'var(--muted)' },
      nameTextStyle: { color: 'var(--muted)' },
      splitLine: { lineStyle: { color: 'var(--grid)' } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { color: 'var(--ink)', width: 200, overflow: 'truncate' },
      axisLine: { lineStyle: { color: 'var(--line)' } },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        barWidth: 16,
        itemStyle: { color: 'var(--bar)', opacity: 0.75 },
        data: bars.map(({ value }) => value),
      },
      {
        type: 'custom',
        z: 3,
        data: bars.flatMap(({ interval }, row) => (interval ? [[interval[0]!, interval[1]!, row]] : [])),
        renderItem: (
          _: unknown,
          api: { value(at: number): number; coord(point: [number, number]): [number, number] },
        ) => {
          const [from, y] = api.coord([Math.max(api.value(0), least), api.value(2)]);
          const [to] = api.coord([Math.min(api.value(1), niceAbove(most)), api.value(2)]);
          const line = (x1: number, y1: number, x2: number, y2: number) => ({
            type: 'line',
            shape: { x1, y1, x2, y2 },
            style: { stroke: 'var(--ink)', lineWidth: 1.5 },
          });
          return {
            type: 'group',
            children: [line(from, y, to, y), line(from, y - 5, from, y + 5), line(to, y - 5, to, y + 5)],
          };
        },
      },
    ],
  };
  return svgChart(options, { width: WIDTH, height, style: STYLE, ids: 'bar' });
}

/** The next number above that an axis likes to end with. */
function niceAbove(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil(value / step) * step;
}
