import { grouped, percent } from '@tersor/core';
import { stagesOf, type Summary } from '@tersor/compression';
import { chart, nameAxis, valueAxis } from './chart.js';
import { short } from './html.js';
import { table } from './table.js';

const ROW = 40;
const MARGIN = 64;

/** One bar of a waterfall chart, from `after` to `before`: what a stage removed. Totals start at 0. */
interface Step {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/** Waterfall charts of bytes and multiply-adds: how much each stage removed. */
export function stageCharts(summary: Summary): string {
  return waterfall('bytes', summary) + waterfall('macs', summary);
}

function waterfall(key: 'bytes' | 'macs', { baseline, pruned, compressed, ...run }: Summary): string {
  const stages = stagesOf({ baseline, pruned, compressed, ...run });
  const removed: Step[] = [
    ...(stages.includes('prune') ? [{ name: 'pruning', before: baseline[key], after: pruned[key] }] : []),
    // Fewer bits do not change the number of multiply-adds.
    ...(stages.includes('quantize') && key === 'bytes'
      ? [{ name: 'fewer bits', before: pruned[key], after: compressed[key] }]
      : []),
  ];
  const total = (name: string, value: number): Step => ({ name, before: value, after: 0 });
  const steps = [total('original', baseline[key]), ...removed, total('result', compressed[key])];
  const unit = key === 'bytes' ? 'bytes on disk' : 'multiply-adds';
  const described = ({ name, before, after }: Step) =>
    `${name} removes ${grouped(before - after)} (${percent((before - after) / baseline[key])})`;
  return chart({
    id: `stages-${key}`,
    title: key === 'bytes' ? 'Bytes, stage by stage' : 'Multiply-adds, stage by stage',
    description: `From ${grouped(baseline[key])} to ${grouped(compressed[key])} ${unit}: ${removed.map(described).join(', ')}.`,
    height: MARGIN + ROW * steps.length,
    option: (size) => ({
      grid: {
        left: size.narrow ? 84 : 110,
        right: size.narrow ? 64 : 100,
        top: 8,
        height: ROW * steps.length,
      },
      yAxis: nameAxis(
        steps.map(({ name }) => name),
        size,
      ),
      xAxis: valueAxis(unit, short, { min: 0, scale: false, splitNumber: size.narrow ? 3 : 4 }),
      series: [
        {
          type: 'bar',
          stack: 'steps',
          silent: true,
          itemStyle: { color: 'none' },
          data: steps.map(({ after }) => after),
        },
        {
          type: 'bar',
          stack: 'steps',
          barWidth: 18,
          label: {
            show: true,
            position: 'right',
            color: 'var(--ink)',
            formatter: ({ dataIndex }: { dataIndex: number }) => labelOf(steps[dataIndex]!),
          },
          data: steps.map(({ before, after }, at) => ({
            value: before - after,
            itemStyle: { color: colourOf(at, steps.length) },
          })),
        },
      ],
    }),
    tip: (series, at) => (series === 1 ? `${steps[at]!.name}: ${labelOf(steps[at]!)}` : undefined),
    table: table(`${unit}, stage by stage`, steps, [
      { head: 'what', text: ({ name }) => name },
      { head: 'before', text: ({ before }) => grouped(before), value: ({ before }) => before },
      {
        head: 'after',
        text: ({ after }) => (after === 0 ? '' : grouped(after)),
        value: ({ after }) => after,
      },
    ]),
  });
}

function labelOf({ before, after }: Step): string {
  return after === 0 ? short(before) : `−${short(before - after)}`;
}

function colourOf(at: number, count: number): string {
  if (at === 0) return 'var(--line)';
  return at === count - 1 ? 'var(--c2)' : 'var(--c1)';
}
