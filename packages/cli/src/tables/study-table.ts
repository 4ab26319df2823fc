import { grouped, mebibytes, percent } from '@tersor/core';
import {
  baselineName,
  probability,
  seedsText,
  type Difference,
  type Estimate,
  type StudyResults,
} from '@tersor/study';
import { fitTable } from '../screen/fit-table.js';

/** Shown for a missing figure: no trial of the variant is done, or an older version ran them. */
const MISSING = '–';

/**
 * A table of the variants of a study: means over the seeds, and the difference from the baseline.
 */
export function studyTable({ variants, baseline }: StudyResults): string {
  const against = baseline === undefined ? [] : [`to ${baselineName(baseline)}, 95%`, 'p (Holm)'];
  const head = [
    'variant',
    'seeds',
    'test accuracy',
    ...against,
    'bytes',
    'MACs',
    'seconds',
    'episodes/min',
    'peak MiB',
  ];
  const rows = variants.map(({ variant, trials, estimates, differences }) => {
    const { testAccuracy, bytes, macs, seconds, episodesPerMinute, peakResidentBytes } = estimates;
    const change = differences?.testAccuracy;
    return [
      variant,
      seedsText({ trials }),
      testAccuracy ? accuracy(testAccuracy) : 'no result',
      ...(baseline === undefined
        ? []
        : [change ? points(change) : '', change?.adjusted === undefined ? '' : probability(change.adjusted)]),
      bytes ? grouped(bytes.mean) : MISSING,
      macs ? grouped(macs.mean) : MISSING,
      seconds ? seconds.mean.toFixed(0) : MISSING,
      episodesPerMinute ? episodesPerMinute.mean.toFixed(1) : MISSING,
      peakResidentBytes ? mebibytes(peakResidentBytes.mean) : MISSING,
    ];
  });
  return fitTable({ head, rows, right: head.map((_, i) => i).slice(1) });
}

function accuracy({ mean, deviation }: Estimate): string {
  return `${percent(mean)}${deviation === undefined ? '' : ` ± ${(deviation * 100).toFixed(2)}`}`;
}

function points({ mean, interval }: Difference): string {
  return (
    (mean * 100).toFixed(2) +
    (interval ? ` [${interval.map((end) => (end * 100).toFixed(2)).join(', ')}]` : '')
  );
}
