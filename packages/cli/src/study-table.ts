import Table from 'cli-table3';
import type { StudyResults } from '@tersor/study';
import { grouped, mebibytes } from './summary-table.js';

/** A figure that no trial of a variant has: none is done, or an older version ran them. */
const MISSING = '–';

/** The variants of a study as a table for people: means over the seeds, and the difference to the baseline. */
export function studyTable({ variants, baseline }: StudyResults): string {
  const head = ['variant', 'seeds', 'test accuracy', ...(baseline === undefined ? [] : [`to ${baseline}`]), 'bytes', 'MACs', 'seconds', 'episodes/min', 'peak MiB'];
  const table = new Table({ head, style: { head: [], border: [] }, colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')) });
  for (const { variant, estimates, differences } of variants) {
    const { testAccuracy, bytes, macs, seconds, episodesPerMinute, peakResidentBytes } = estimates;
    const change = differences?.testAccuracy;
    table.push([
      variant,
      testAccuracy?.count ?? 0,
      testAccuracy ? `${(testAccuracy.mean * 100).toFixed(2)}% ± ${(testAccuracy.deviation * 100).toFixed(2)}` : 'no result',
      ...(baseline === undefined ? [] : [change ? `${(change.mean * 100).toFixed(2)} [${change.interval.map((end) => (end * 100).toFixed(2)).join(', ')}]` : '']),
      bytes ? grouped(bytes.mean) : MISSING,
      macs ? grouped(macs.mean) : MISSING,
      seconds ? seconds.mean.toFixed(0) : MISSING,
      episodesPerMinute ? episodesPerMinute.mean.toFixed(1) : MISSING,
      peakResidentBytes ? mebibytes(peakResidentBytes.mean) : MISSING,
    ]);
  }
  return table.toString();
}
