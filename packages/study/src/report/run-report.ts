import { stagesOf, whereMeasured, type NetworkFigures, type Summary } from '@tersor/compression';
import { grouped, modelParts, percent } from '@tersor/core';
import { stringify } from 'yaml';
import type { Run } from '../results/read-run.js';
import type { Stage } from '../results/run-records.js';
import { duration, escapeHtml, memory, points } from './html.js';
import { layerCharts } from './layer-charts.js';
import { page, type PageContent, type Section, type Tile } from './page.js';
import { candidateChart, rewardChart } from './search-charts.js';
import { stageCharts } from './stage-charts.js';
import { folded, table } from './table.js';

/** The report of a finished run as a self-contained HTML page. */
export function runReport(run: Run): string {
  return page(runView(run));
}

/** Content of the report of a finished run. */
export function runView({ summary, layers, episodes }: Run): PageContent {
  const { baseline, compressed, ratio, config } = summary;
  const stages = (['prune', 'quantize'] as const).filter((stage) =>
    episodes.some((line) => line.stage === stage),
  );
  const drawn = (draw: (stage: Stage, lines: Run['episodes'], summary: Summary) => string) =>
    stages
      .map((stage) =>
        draw(
          stage,
          episodes.filter((line) => line.stage === stage),
          summary,
        ),
      )
      .join('');
  const sections: Section[] = [
    {
      id: 'result',
      title: 'Result',
      body: noticeList(summary) + resultTable(summary) + searchSentences(summary),
    },
    { id: 'stages', title: 'Stage by stage', body: stageCharts(summary) },
    { id: 'search', title: 'Search', body: drawn(rewardChart) || '<p>No search was run.</p>' },
    {
      id: 'candidates',
      title: 'Accuracy against size',
      body: drawn(candidateChart) || '<p>No candidates were measured.</p>',
    },
    { id: 'layers', title: 'Layers', body: layerCharts(layers, hasSlices(summary)) },
    { id: 'setup', title: 'What was run', body: setup(summary) },
  ];
  return {
    title: `Compression of ${modelName(modelParts(config.model).path, config.output)}`,
    lead: `Tersor, backend ${summary.backend}, seed ${summary.seed}, ${duration(summary.seconds)} in all.`,
    tiles: [
      {
        value: `${ratio.bytes.toFixed(1)}× smaller`,
        label: `${grouped(baseline.bytes)} → ${grouped(compressed.bytes)} bytes`,
      },
      {
        value: `${ratio.macs.toFixed(2)}× less work`,
        label: `${grouped(baseline.macs)} → ${grouped(compressed.macs)} multiply-adds`,
      },
      {
        value: `${points(compressed.accuracy.test - baseline.accuracy.test)} points`,
        label: `test accuracy ${percent(baseline.accuracy.test)} → ${percent(compressed.accuracy.test)}`,
      },
      ...latencyTile(summary),
    ],
    sections,
  };
}

/** Whether kernel slices were pruned. Slices that became zero only because of few bits do not count. */
function hasSlices({ pruned }: Summary): boolean {
  return pruned.macsWithoutZeroSlices < pruned.macs;
}

/** Measured latency of original and result or, if not measured, what the budget's latency table predicts. */
function latencyTile({ baseline, compressed, measuredLatency: measured }: Summary): Tile[] {
  const [before, after] = measured
    ? [measured.original, measured.compressed]
    : [baseline.latency, compressed.latency];
  if (before === undefined || after === undefined) return [];
  const milliseconds = (value: number) => `${value.toPrecision(3)} ms`;
  const how = measured ? `measured for one image on ${whereMeasured(measured)}:` : 'predicted for one image';
  return [
    {
      value: `${(before / after).toFixed(2)}× faster`,
      label: `${how} ${milliseconds(before)} → ${milliseconds(after)}`,
    },
  ];
}

/**
 * A telling name for a model: its file or, if that is just `model.json`, its folder; if no part of the path
 * is telling, the last part of `output`.
 */
export function modelName(model: string, output: string): string {
  const telling = [output, model]
    .flatMap((path) => path.split(/[\\/]/))
    .filter((part) => !['', '.', '..', 'model', 'model.json'].includes(part));
  return telling.at(-1)?.replace(/\.json$/, '') ?? model;
}

function resultTable(summary: Summary): string {
  const { baseline, pruned, compressed, activations } = summary;
  const stages = stagesOf(summary);
  const rows: { readonly name: string; readonly figures: NetworkFigures }[] = [
    { name: 'original', figures: baseline },
  ];
  if (stages.includes('prune')) rows.push({ name: 'pruned, as floats', figures: pruned });
  const quantized = stages.includes('prune') ? 'pruned and quantized' : 'quantized';
  if (stages.includes('quantize'))
    rows.push({ name: activations ? `${quantized}, activations simulated` : quantized, figures: compressed });
  const { bops, ...float } = compressed;
  if (activations)
    rows.push({
      name: `${quantized}, float activations`,
      figures: { ...float, accuracy: activations.floatAccuracy },
    });
  const column = (
    head: string,
    value: (figures: NetworkFigures) => number,
    format: (value: number) => string,
  ) => ({
    head,
    text: ({ figures }: (typeof rows)[number]) => format(value(figures)),
    value: ({ figures }: (typeof rows)[number]) => value(figures),
  });
  return table('Networks on the test and validation images', rows, [
    { head: 'network', text: ({ name }) => name },
    column('test accuracy', ({ accuracy }) => accuracy.test, percent),
    column('validation accuracy', ({ accuracy }) => accuracy.validation, percent),
    column('parameters', ({ parameters }) => parameters, grouped),
    column('MACs', ({ macs }) => macs, grouped),
    ...(hasSlices(summary)
      ? [column('MACs without zero slices', ({ macsWithoutZeroSlices }) => macsWithoutZeroSlices, grouped)]
      : []),
    ...(bops === undefined
      ? []
      : [
          {
            head: 'bit operations',
            text: ({ figures }: (typeof rows)[number]) =>
              figures.bops === undefined ? '' : grouped(figures.bops),
            value: ({ figures }: (typeof rows)[number]) => figures.bops,
          },
        ]),
    ...(baseline.latency === undefined
      ? []
      : [
          column(
            'predicted ms',
            ({ latency }) => latency ?? NaN,
            (value) => value.toPrecision(3),
          ),
        ]),
    column('bytes on disk', ({ bytes }) => bytes, grouped),
  ]);
}

function noticeList({ notices = [] }: Summary): string {
  return notices.length === 0
    ? ''
    : `<ul>${notices.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`;
}

function searchSentences({ search, carriedOut }: Summary): string {
  const sentences = Object.entries(search).map(
    ([stage, { agent, episodes, evaluations, bestReward, confirmed, seconds }]) =>
      `${stage === 'prune' ? 'Pruning' : 'Bit widths'}: agent ${agent}, ${episodes} episodes, ${evaluations} networks evaluated, best reward ${bestReward.toFixed(4)}${confirmed ? `, of the best ${confirmed.candidates} episode ${confirmed.episode} won (${confirmed.searchReward.toFixed(4)}, and ${confirmed.reward.toFixed(4)} on ${confirmed.images} images that the search never saw)` : ''}, ${duration(seconds)}.`,
  );
  if (carriedOut) sentences.push(`Nothing was searched: the policy of ${carriedOut.policy} was applied.`);
  return `<p>Nothing was chosen by the test images. ${sentences.map(escapeHtml).join(' ')}</p>`;
}

function setup({ config, versions, plugins, seed, backend, machine, peakResidentBytes }: Summary): string {
  const facts = [
    ['seed', String(seed)],
    ['backend', backend],
    ...Object.entries(versions),
    ['machine', machine],
    ...(peakResidentBytes === undefined ? [] : [['peak memory of the process', memory(peakResidentBytes)]]),
    ...plugins.map((plugin) => [`plugin ${plugin.kind}`, `${plugin.id} (${plugin.source})`]),
  ].map(([name, value]) => ({ name: name!, value: value! }));
  const list = table('Versions, machine and plugins', facts, [
    { head: 'what', text: ({ name }) => name },
    { head: 'value', text: ({ value }) => value },
  ]);
  return list + folded('The whole config', `<pre tabindex="0">${escapeHtml(stringify(config))}</pre>`);
}
