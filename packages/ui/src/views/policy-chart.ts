import { policyWords } from '@tersor/compression';
import { chart, nameAxis, table, valueAxis, type EpisodeFigures } from '@tersor/study';

const ROW = 26;
const MARGIN = 64;

/** A bar chart of the channels or bits that a candidate's policy leaves in each group or layer. */
export function policyChart(stage: 'prune' | 'quantize', { episode, policy }: EpisodeFigures): string {
  const rows = Object.entries(policyWords(policy)).map(([layer, words]) => ({
    layer,
    words,
    // A group that is kept or removed as a whole has words instead of a number.
    value: /^(\d+) (channels|bits)/.exec(words)?.[1],
  }));
  if (rows.length === 0) return '<p>The policy has no settings for single layers.</p>';
  const unit = stage === 'prune' ? 'channels' : 'bits';
  return chart({
    id: 'best-policy',
    title: `Episode ${episode}: ${unit} of each ${stage === 'prune' ? 'group' : 'layer'}`,
    description:
      `What the best candidate so far keeps. ${stage === 'prune' ? 'A group without a bar is whole, or gone; the table says which.' : ''}`.trim(),
    height: MARGIN + ROW * rows.length,
    option: (size) => ({
      grid: { left: size.narrow ? 104 : 184, right: 36, top: 8, height: ROW * rows.length },
      yAxis: nameAxis(
        rows.map(({ layer }) => layer),
        size,
      ),
      xAxis: valueAxis(unit, String, { min: 0, scale: false }),
      series: [
        {
          type: 'bar',
          barMaxWidth: 9,
          itemStyle: { color: stage === 'prune' ? 'var(--c0)' : 'var(--c3)' },
          label: { show: true, position: 'right', color: 'var(--ink)' },
          data: rows.map(({ value }) => (value === undefined ? NaN : Number(value))),
        },
      ],
    }),
    tip: (_series, at) => rows[at] && `${rows[at].layer}: ${rows[at].words}`,
    table: table(`Policy of episode ${episode}`, rows, [
      { head: stage === 'prune' ? 'group' : 'layer', text: ({ layer }) => layer },
      { head: 'what is left', text: ({ words }) => words },
    ]),
  });
}
