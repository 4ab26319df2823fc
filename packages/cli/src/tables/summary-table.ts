import { grouped, mebibytes, percent } from '@tersor/core';
import {
  stagesOf,
  whereMeasured,
  type NetworkFigures,
  type SearchFigures,
  type Summary,
} from '@tersor/compression';
import { coloursFor } from '../screen/colours.js';
import { fitTable } from '../screen/fit-table.js';

const HEAD = ['', 'test accuracy', 'validation', 'parameters', 'MACs', 'bytes on disk'];

/** A table of the result of a compression. */
export function summaryTable(summary: Summary): string {
  const { baseline, pruned, compressed, ratio, search, activations, carriedOut, measuredLatency } = summary;
  const stages = stagesOf(summary);
  const { yellow } = coloursFor(process.stdout);
  const quantized = stages.includes('prune') ? 'pruned + quantized' : 'quantized';
  const rows = [row('original', baseline)];
  if (stages.includes('prune')) rows.push(row('pruned', pruned));
  if (stages.includes('quantize'))
    rows.push(row(activations ? `${quantized}, activations simulated` : quantized, compressed));
  const points = (compressed.accuracy.test - baseline.accuracy.test) * 100;
  rows.push([
    'change',
    `${points >= 0 ? '+' : ''}${points.toFixed(2)} points`,
    '',
    `${ratio.parameters.toFixed(2)}x fewer`,
    `${ratio.macs.toFixed(2)}x fewer`,
    `${ratio.bytes.toFixed(2)}x smaller`,
  ]);
  const searches = Object.entries(search).map(
    ([stage, figures]) =>
      `${stage}: ${figures.agent}, ${figures.episodes} episodes (${figures.evaluations} networks evaluated${figures.images === undefined ? '' : ` on ${grouped(figures.images)} images`}), best reward ${figures.bestReward.toFixed(4)}${confirmedText(figures)}, ${figures.seconds.toFixed(0)} s`,
  );
  if (carriedOut) searches.push(`nothing was searched: the policy of ${carriedOut.policy} was applied`);
  const times =
    baseline.latency === undefined || pruned.latency === undefined
      ? []
      : [
          `predicted for one image: ${baseline.latency.toPrecision(3)} ms, pruned ${pruned.latency.toPrecision(3)} ms`,
        ];
  if (measuredLatency) {
    const { original, compressed: result } = measuredLatency;
    times.push(
      `measured in turns on ${whereMeasured(measuredLatency)}: ${original.toPrecision(3)} ms, ${quantized} ${result.toPrecision(3)} ms`,
    );
  }
  const memory =
    summary.peakResidentBytes === undefined
      ? ''
      : `, at most ${mebibytes(summary.peakResidentBytes)} MiB of memory`;
  return [
    fitTable({ head: HEAD, rows, right: [1, 2, 3, 4, 5] }),
    ...times,
    ...operationLines(summary),
    ...searches,
    `backend ${summary.backend}, seed ${summary.seed}, ${summary.seconds.toFixed(0)} s in all${memory}`,
    ...(summary.notices ?? []).map((text) => `${yellow('note:')} ${text}`),
  ].join('\n');
}

/** Lines below the table for a run that rounds activations or limits bit operations. */
function operationLines({ baseline, compressed, ratio, activations }: Summary): string[] {
  const operations =
    ratio.bops === undefined
      ? []
      : [
          `bit operations ${grouped(baseline.bops!)} -> ${grouped(compressed.bops!)}, ${ratio.bops.toFixed(2)}x fewer`,
        ];
  const float = activations?.floatAccuracy;
  return [
    ...operations,
    ...(float
      ? [
          `with float activations, as stock tfjs runs the file: test accuracy ${percent(float.test)}, validation ${percent(float.validation)}`,
        ]
      : []),
  ];
}

function row(name: string, figures: NetworkFigures): string[] {
  return [
    name,
    percent(figures.accuracy.test),
    percent(figures.accuracy.validation),
    grouped(figures.parameters),
    grouped(figures.macs),
    grouped(figures.bytes),
  ];
}

/** The two rewards of a winner that was chosen on images that the search never saw. */
function confirmedText({ confirmed }: SearchFigures): string {
  if (!confirmed) return '';
  const { episode, candidates, searchReward, reward, images } = confirmed;
  return `, of the best ${candidates} episode ${episode} won: ${searchReward.toFixed(4)}, and ${reward.toFixed(4)} on ${grouped(images)} other images`;
}
