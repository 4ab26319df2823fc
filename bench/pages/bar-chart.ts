// Values by name with intervals or numbers, as SVG in the reader's light or dark scheme: bars, or points
// where bars from 0 would hide how the values differ.
import { svgChart, TEXT, titleOf, WIDTH } from './svg-chart.js';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Ends of its interval. */
  readonly interval?: readonly number[];
}

const ROW = 34;
/** Approximate width of a character in pixels, and the limit on the width of names. */
const CHARACTER = 8.2;
const MOST_NAME = 240;
/** Room between the title and the bars, and below for the axis. */
const ABOVE = 21;
const BELOW = 56;

const USED = ['ink', 'muted', 'line', 'grid', 'bar'] as const;

/**
 * Horizontal bars, the first on top, with a whisker for each interval. Values that all lie in the upper half
 * of the axis are points, and the axis, which then says where it begins, shows only their part.
 */
export function barChart({
  title,
  axis,
  bars,
}: {
  title: string;
  axis: string;
  bars: readonly Bar[];
}): string {
  const { title: head, titleHeight } = titleOf(title);
  const above = titleHeight + ABOVE;
  const height = above + BELOW + ROW * bars.length;
  const values = bars.map(({ value }) => value);
  const ends = bars.flatMap(({ value, interval }) => [value, ...(interval ?? [])]);
  const most = Math.max(...ends);
  const isClose = bars.length > 1 && Math.min(...values) > most / 2;
  const least = isClose ? Math.max(0, Math.min(...ends)) : Math.min(0, ...values);
  const step = niceStep((most - least || most) / 4);
  const begin = Math.floor(least / step + 1e-9) * step;
  const end = Math.ceil(most / step - 1e-9) * step;
  // An accuracy's interval may end beyond what an accuracy can be.
  const last = axis.includes('%') ? Math.min(100, end) : end;
  const longest = CHARACTER * Math.max(...bars.map(({ name }) => name.length)) + 20;
  const names = Math.min(MOST_NAME, longest);
  // Longer names get two lines. Without a browser, ECharts takes letters for narrower than they are.
  const lines = longest > MOST_NAME ? { width: 0.85 * (names - 10), overflow: 'break', lineHeight: 16 } : {};
  // A whisker would cross the number of its bar; a bar to the left would start with it.
  const hasNumbers = least >= 0 && bars.every(({ interval }) => interval === undefined);
  const options = {
    animation: false,
    textStyle: { fontFamily: 'inherit', fontSize: TEXT, color: 'var(--ink)' },
    title: head,
    grid: { left: names, right: hasNumbers ? 56 : 24, top: above, bottom: BELOW },
    xAxis: {
      type: 'value',
      name: begin > 0 ? `${axis} (axis from ${shortNumber(begin)})` : axis,
      nameLocation: 'middle',
      nameGap: 30,
      min: begin,
      max: last,
      interval: step,
      axisLabel: { color: 'var(--muted)', fontSize: TEXT },
      nameTextStyle: { color: 'var(--muted)', fontSize: TEXT },
      splitLine: { lineStyle: { color: 'var(--grid)' } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { color: 'var(--ink)', fontSize: TEXT, interval: 0, ...lines },
      axisLine: { lineStyle: { color: 'var(--line)' } },
      axisTick: { show: false },
    },
    series: [
      {
        ...(isClose ? { type: 'scatter', symbolSize: 11 } : { type: 'bar', barWidth: 16 }),
        itemStyle: { color: 'var(--bar)', opacity: isClose ? 1 : 0.75 },
        label: {
          show: hasNumbers,
          position: 'right',
          color: 'var(--ink)',
          fontSize: TEXT,
          formatter: ({ dataIndex }: { dataIndex: number }) => shortNumber(values[dataIndex]!),
        },
        data: values.map((value, row) => [value, row]),
      },
      {
        type: 'custom',
        z: 3,
        data: bars.flatMap(({ interval }, row) => (interval ? [[interval[0]!, interval[1]!, row]] : [])),
        renderItem: (
          _: unknown,
          api: { value(at: number): number; coord(point: [number, number]): [number, number] },
        ) => {
          const [from, y] = api.coord([Math.max(api.value(0), begin), api.value(2)]);
          const [to] = api.coord([Math.min(api.value(1), last), api.value(2)]);
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
  return svgChart(options, { width: WIDTH, height, colours: USED, ids: 'bar' });
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The next of 1, 2, 2.5, 5, 10, ... times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= least * (1 - 1e-9))!;
}
