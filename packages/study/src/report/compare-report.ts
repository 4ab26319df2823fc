import { grouped, percent } from '@tersor/core';
import { stagesOf, type NetworkFigures } from '@tersor/compression';
import type { Run } from '../results/read-run.js';
import type { Stage } from '../results/run-records.js';
import { chart, LEGEND, nameAxis, PALETTE, SYMBOLS, valueAxis } from './chart.js';
import { duration, points } from './html.js';
import { page, type PageContent, type Section } from './page.js';
import { accuracyAxes, bestSoFar, costOf, STAGE_TITLES } from './search-charts.js';
import { table } from './table.js';

/** A run and its name in a comparison. */
export interface NamedRun {
  readonly name: string;
  readonly run: Run;
}

const ROW = 30;

/** Two or more runs side by side, as a self-contained page. */
export function compareReport(runs: readonly NamedRun[]): string {
  return page(compareView(runs));
}

/** Two or more runs side by side. */
export function compareView(runs: readonly NamedRun[]): PageContent {
  const stages = (['prune', 'quantize'] as const).filter((stage) =>
    runs.some(({ run }) => run.episodes.some((line) => line.stage === stage)),
  );
  const sections: Section[] = [
    { id: 'result', title: 'Result', body: resultTable(runs) + baselineNote(runs) },
    ...(stages.length > 0
      ? [
          { id: 'search', title: 'Search', body: stages.map((stage) => searchChart(stage, runs)).join('') },
          {
            id: 'candidates',
            title: 'Accuracy against size',
            body: stages.map((stage) => candidatesChart(stage, runs)).join(''),
          },
        ]
      : []),
    { id: 'layers', title: 'Layers', body: layerCharts(runs) },
    { id: 'settings', title: 'What differs', body: settingsTable(runs) },
  ];
  return {
    title: runs.map(({ name }) => name).join(' and '),
    lead: `${runs.length} runs of Tersor side by side.`,
    tiles: runs.map(({ name, run: { summary } }) => ({
      value: `${summary.ratio.bytes.toFixed(1)}× smaller, ${points(summary.compressed.accuracy.test - summary.baseline.accuracy.test)} points`,
      label: `${name}: ${grouped(summary.compressed.bytes)} bytes, test accuracy ${percent(summary.compressed.accuracy.test)}`,
    })),
    sections,
  };
}

function resultTable(runs: readonly NamedRun[]): string {
  const [first] = runs;
  const rows: {
    name: string;
    of(figures: NetworkFigures): number | undefined;
    format(value: number): string;
  }[] = [
    { name: 'test accuracy', of: ({ accuracy }) => accuracy.test, format: percent },
    { name: 'validation accuracy', of: ({ accuracy }) => accuracy.validation, format: percent },
    { name: 'parameters', of: ({ parameters }) => parameters, format: grouped },
    { name: 'multiply-adds', of: ({ macs }) => macs, format: grouped },
    { name: 'predicted ms', of: ({ latency }) => latency, format: (value) => value.toPrecision(3) },
    { name: 'bytes on disk', of: ({ bytes }) => bytes, format: grouped },
  ];
  const cell = (figures: NetworkFigures, { of, format }: (typeof rows)[number]) => {
    const value = of(figures);
    return value === undefined ? '' : format(value);
  };
  const column = (head: string, figures: NetworkFigures) => ({
    head,
    text: (row: (typeof rows)[number]) => cell(figures, row),
    value: (row: (typeof rows)[number]) => row.of(figures),
  });
  const shown = rows.filter(({ of }) => runs.some(({ run }) => of(run.summary.compressed) !== undefined));
  return table('Networks on the test and validation images', shown, [
    { head: 'figure', text: ({ name }) => name },
    column(`original of ${first!.name}`, first!.run.summary.baseline),
    ...runs.map(({ name, run }) => column(name, run.summary.compressed)),
  ]);
}

/** A warning if the originals differ, since the results then differ for more reasons than the searches. */
function baselineNote(runs: readonly NamedRun[]): string {
  const originals = new Set(
    runs.map(({ run: { summary } }) => `${summary.baseline.macs} ${summary.baseline.accuracy.test}`),
  );
  return originals.size === 1
    ? ''
    : '<p class="bad">The runs started from different networks or test images.</p>';
}

function searchChart(stage: Stage, runs: readonly NamedRun[]): string {
  const curves = runs.flatMap(({ name, run }) => {
    const best = bestSoFar(run.episodes.filter((line) => line.stage === stage).map(({ reward }) => reward));
    return best.length > 0 ? [{ name, best }] : [];
  });
  if (curves.length === 0) return '';
  return chart({
    id: `search-${stage}`,
    title: `${STAGE_TITLES[stage]}: best reward so far`,
    description:
      'Best reward up to each episode. Rewards are comparable only if the reward function and the images are the same.',
    height: 320,
    option: ({ narrow }) => ({
      legend: LEGEND,
      grid: { left: narrow ? 56 : 68, right: 12, top: 36, bottom: 48 },
      xAxis: valueAxis('episode', String, { min: 1 }),
      yAxis: valueAxis('reward', (value) => String(Number(value.toPrecision(3))), {
        nameGap: narrow ? 40 : 50,
      }),
      series: curves.map(({ name, best }, i) => ({
        name,
        type: 'line',
        step: 'end',
        symbol: SYMBOLS[i],
        itemStyle: { color: PALETTE[i % PALETTE.length] },
        lineStyle: { color: PALETTE[i % PALETTE.length], width: 2 },
        data: best.map((value, episode) => [episode + 1, value]),
      })),
    }),
    tip: (series, at) =>
      `${curves[series]!.name}, episode ${at + 1}: ${curves[series]!.best[at]!.toFixed(4)}`,
    table: table('Best reward', curves, [
      { head: 'run', text: ({ name }) => name },
      { head: 'episodes', text: ({ best }) => String(best.length), value: ({ best }) => best.length },
      { head: 'best reward', text: ({ best }) => best.at(-1)!.toFixed(4), value: ({ best }) => best.at(-1) },
    ]),
  });
}

function candidatesChart(stage: Stage, runs: readonly NamedRun[]): string {
  const key = costOf(stage);
  const clouds = runs.map(({ name, run }) => ({
    name,
    lines: run.episodes.filter(
      ({ stage: of, measures }) =>
        of === stage && measures[key] !== undefined && measures['accuracy'] !== undefined,
    ),
  }));
  if (clouds.every(({ lines }) => lines.length === 0)) return '';
  const unit = key === 'macs' ? 'multiply-adds' : 'bytes of the packed file';
  const all = clouds.flatMap(({ name, lines }) => lines.map((line) => ({ name, line })));
  return chart({
    id: `candidates-${stage}`,
    title: `${STAGE_TITLES[stage]}: accuracy against ${key === 'macs' ? 'multiply-adds' : 'bytes'}`,
    description: `Validation accuracy of every candidate before its fine-tune, against its ${unit}.`,
    height: 320,
    option: (size) => ({
      legend: LEGEND,
      ...accuracyAxes(
        size,
        unit,
        runs.map(({ name }) => name),
      ),
      series: clouds.map(({ name, lines }, i) => ({
        name,
        type: 'scatter',
        symbol: SYMBOLS[i],
        symbolSize: 8,
        itemStyle: { color: PALETTE[i % PALETTE.length], opacity: 0.7 },
        data: lines.map(({ measures }) => [measures[key], measures['accuracy']]),
      })),
    }),
    tip: (series, at) => {
      const { name, lines } = clouds[series]!;
      const { episode, measures } = lines[at]!;
      return `${name}, episode ${episode}\naccuracy ${percent(measures['accuracy']!)}\n${grouped(measures[key]!)} ${unit}`;
    },
    table: table('Candidates', all, [
      { head: 'run', text: ({ name }) => name },
      { head: 'episode', text: ({ line }) => String(line.episode), value: ({ line }) => line.episode },
      {
        head: 'accuracy',
        text: ({ line }) => percent(line.measures['accuracy']!),
        value: ({ line }) => line.measures['accuracy'],
      },
      {
        head: unit,
        text: ({ line }) => grouped(line.measures[key]!),
        value: ({ line }) => line.measures[key],
      },
    ]),
  });
}

/** A row of a table of layers. */
interface LayerRow {
  readonly layer: string;
  readonly at: number;
}

/** Channels and bits of every layer that any of the runs has. */
function layerCharts(runs: readonly NamedRun[]): string {
  const of = (run: Run) => run.layers.filter(({ original }) => original.slices > 0);
  const names = [...new Set(runs.flatMap(({ run }) => of(run).map(({ layer }) => layer)))];
  if (names.length === 0) return '<p>The runs have no layers.json.</p>';
  const draw = (id: string, title: string, value: (layer: Run['layers'][number]) => number | undefined) => {
    const columns = runs.map(({ name, run }) => ({
      name,
      values: names.map((layer) => {
        const found = run.layers.find((each) => each.layer === layer);
        return found && value(found);
      }),
    }));
    if (columns.every(({ values }) => values.every((each) => each === undefined))) return '';
    return chart({
      id,
      title: `${title} of each layer`,
      description: `${title} that each run leaves in a layer. A layer that a run does not have has no bar.`,
      height: 84 + ROW * names.length,
      option: (size) => ({
        legend: LEGEND,
        grid: { left: size.narrow ? 104 : 184, right: 28, top: 36, height: ROW * names.length },
        yAxis: nameAxis(names, size),
        xAxis: valueAxis(title.toLowerCase(), String, { min: 0, scale: false }),
        series: columns.map(({ name, values }, i) => ({
          name,
          type: 'bar',
          barMaxWidth: 9,
          itemStyle: { color: PALETTE[i % PALETTE.length] },
          data: values.map((each) => each ?? NaN),
        })),
      }),
      tip: (series, at) => `${names[at]}, ${columns[series]!.name}: ${columns[series]!.values[at] ?? ''}`,
      table: table(
        `${title} of each layer`,
        names.map((layer, at) => ({ layer, at })),
        [
          { head: 'layer', text: ({ layer }) => layer },
          ...columns.map(({ name, values }) => ({
            head: name,
            text: ({ at }: LayerRow) => String(values[at] ?? ''),
            value: ({ at }: LayerRow) => values[at],
          })),
        ],
      ),
    });
  };
  return (
    draw('layers-channels', 'Channels', ({ compressed }) => compressed.channels) +
    draw('layers-bits', 'Bits', ({ bits }) => bits)
  );
}

/** Settings that differ between the runs, by config path, and how the runs themselves differ. */
function settingsTable(runs: readonly NamedRun[]): string {
  const flat = runs.map(({ run: { summary } }) => ({
    ...leaves(summary.config),
    stages: stagesOf(summary).join(', '),
    backend: summary.backend,
    machine: summary.machine,
    time: duration(summary.seconds),
  }));
  const keys = [...new Set(flat.flatMap((each) => Object.keys(each)))].filter(
    (key) => key !== 'output' && new Set(flat.map((each) => (each as Record<string, string>)[key])).size > 1,
  );
  if (keys.length === 0) return '<p>Only the output folders.</p>';
  return table(
    'Settings that differ',
    keys.map((key) => ({ key })),
    [
      { head: 'setting', text: ({ key }) => key },
      ...runs.map(({ name }, at) => ({
        head: name,
        text: ({ key }: { key: string }) => (flat[at] as Record<string, string>)[key] ?? '',
      })),
    ],
  );
}

function leaves(value: unknown, path = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { [path]: JSON.stringify(value) ?? '' };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`)),
  ) as Record<string, string>;
}
