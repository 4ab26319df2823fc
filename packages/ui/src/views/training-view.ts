import { percent } from '@tersor/core';
import { chart, LEGEND, SYMBOLS, table, valueAxis, type PageContent } from '@tersor/study';
import type { TrainingFacts } from '../items/training-reader.js';
import { capital, failureSection, noticeSection, setupSection } from './live-view.js';

type Epoch = TrainingFacts['epochs'][number];

interface Curve {
  readonly name: string;
  readonly color: string;
  readonly value: (epoch: Epoch) => number | undefined;
}

/** What there is to say of a training: it goes on, was stopped, failed, or is done. */
export function trainingView(name: string, facts: TrainingFacts): PageContent {
  const { status, detail, state, summary, epochs } = facts;
  const config = state?.start?.config ?? summary?.config;
  const total = config?.train?.epochs;
  const last = epochs.at(-1);
  const where = last ? `epoch ${last.epoch}${total === undefined ? '' : ` of ${total}`} is done` : 'begins';
  const tile = (value: string, label: string) => ({ value, label });
  const validations = epochs.flatMap(({ validation }) => validation ?? []);
  const start = state?.start ?? (summary && { config: summary.config, backend: summary.backend });
  return {
    title: name,
    lead: `Training. ${capital(status)}: ${[detail, where].filter(Boolean).join(', ')}.`,
    tiles: [
      ...(summary ? [tile(percent(summary.accuracy.test), 'of the test images')] : []),
      ...(summary ? [tile(percent(summary.accuracy.validation), 'of the validation images')] : []),
      ...(state?.step && !summary
        ? [
            tile(`${state.step.done} of ${state.step.total}`, 'steps'),
            tile(state.step.loss.toFixed(4), 'loss of the last step'),
          ]
        : []),
      ...(last ? [tile(last.loss.toFixed(4), `mean loss of epoch ${last.epoch}`)] : []),
      ...(validations.length > 0
        ? [tile(percent(Math.max(...validations)), 'best validation accuracy so far')]
        : []),
    ],
    sections: [
      ...failureSection(facts),
      {
        id: 'curves',
        title: 'Loss and accuracy',
        body: epochs.length > 0 ? curves(epochs) : '<p>No epoch is done yet.</p>',
      },
      ...noticeSection(state?.notices),
      ...setupSection(start),
    ],
  };
}

function curves(epochs: readonly Epoch[]): string {
  const accuracies: Curve[] = [
    { name: 'training images', color: 'var(--c0)', value: ({ accuracy }) => accuracy },
    { name: 'validation images', color: 'var(--c1)', value: ({ validation }) => validation },
  ];
  const numbers = table('Epochs', epochs, [
    { head: 'epoch', text: ({ epoch }) => String(epoch), value: ({ epoch }) => epoch },
    { head: 'loss', text: ({ loss }) => loss.toFixed(4), value: ({ loss }) => loss },
    { head: 'training', text: ({ accuracy }) => percent(accuracy), value: ({ accuracy }) => accuracy },
    {
      head: 'validation',
      text: ({ validation }) => (validation === undefined ? '' : percent(validation)),
      value: ({ validation }) => validation,
    },
    { head: 'seconds', text: ({ seconds }) => seconds.toFixed(1), value: ({ seconds }) => seconds },
  ]);
  const loss: Curve = { name: 'loss', color: 'var(--c2)', value: (epoch) => epoch.loss };
  return (
    curveChart('loss', 'Loss', 'Mean loss of the training images over the epochs.', [loss], {
      ...{ epochs, numbers },
      format: (value) => String(Number(value.toPrecision(4))),
    }) +
    curveChart(
      'accuracy',
      'Accuracy',
      'Share of images classified correctly: of the augmented training images, and of the validation images after the epoch, if it was recorded.',
      accuracies.filter(({ value }) => epochs.some((epoch) => value(epoch) !== undefined)),
      { epochs, numbers, format: percent },
    )
  );
}

function curveChart(
  id: string,
  title: string,
  description: string,
  shown: readonly Curve[],
  {
    epochs,
    numbers,
    format,
  }: {
    readonly epochs: readonly Epoch[];
    readonly numbers: string;
    readonly format: (value: number) => string;
  },
): string {
  const points = shown.map(({ value }) => epochs.filter((epoch) => value(epoch) !== undefined));
  return chart({
    ...{ id, title, description, table: numbers, height: 300 },
    option: ({ narrow }) => ({
      legend: LEGEND,
      grid: { left: narrow ? 60 : 72, right: 16, top: 36, bottom: 48 },
      xAxis: valueAxis('epoch', String, { min: 1, minInterval: 1 }),
      yAxis: valueAxis('', format),
      series: shown.map(({ name, color, value }, at) => ({
        ...{ name, type: 'line', symbol: SYMBOLS[at], symbolSize: 6 },
        ...{ lineStyle: { color, width: 2 }, itemStyle: { color } },
        data: points[at]!.map((epoch) => [epoch.epoch, value(epoch)]),
      })),
    }),
    tip: (series, at) => {
      const epoch = points[series]?.[at];
      const curve = shown[series];
      return epoch && curve && `Epoch ${epoch.epoch}: ${curve.name} ${format(curve.value(epoch)!)}`;
    },
  });
}
