import { TRIAL_COLUMNS, type TrialRow } from '@tersor/study';
import { compareNames } from '../items/compare-names.js';
import { PAGE_ROWS, type TrialPage } from './trial-rows.js';

/** Which trials of a study are asked for. */
export interface TrialQuery {
  /** Head of a column; without it the order of the plan. */
  readonly sort?: string | undefined;
  readonly isDescending: boolean;
  /** Words that all have to be in a row, or in the error of its trial. */
  readonly filter: string;
  readonly status?: string | undefined;
  readonly from: number;
}

const texts = new WeakMap<TrialRow, { readonly cells: readonly string[]; readonly all: string }>();

/** Filters, sorts and cuts the trials of a study. A page beyond the last one is the last one. */
export function trialPage(trials: readonly TrialRow[], query: TrialQuery): TrialPage {
  const words = query.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = trials
    .filter(({ status }) => !query.status || status === query.status)
    .filter((row) => words.every((word) => textOf(row).all.includes(word)));
  const sorted = sortedBy(found, query);
  const from = pageStart(query.from, sorted.length);
  const shown = sorted.slice(from, from + PAGE_ROWS);
  return pageOf(shown, { from, matching: sorted.length, total: trials.length });
}

/** Rows that are the page. */
export function pageOf(
  rows: readonly TrialRow[],
  counts: Pick<TrialPage, 'from' | 'matching' | 'total'>,
): TrialPage {
  return {
    columns: TRIAL_COLUMNS.map(({ head, value }) => ({ head, isNumber: value !== undefined })),
    rows: rows.map((row) => ({ trial: row.trial, cells: textOf(row).cells })),
    ...counts,
  };
}

/** Where the page begins that a row is on, of so many rows. */
export function pageStart(row: number, count: number): number {
  const last = Math.max(0, Math.floor((count - 1) / PAGE_ROWS) * PAGE_ROWS);
  return Math.min(last, Math.floor(Math.max(0, row || 0) / PAGE_ROWS) * PAGE_ROWS);
}

/** What has no value comes last, whichever way it is sorted. */
function sortedBy(trials: TrialRow[], { sort, isDescending }: TrialQuery): readonly TrialRow[] {
  const column = TRIAL_COLUMNS.find(({ head }) => head === sort);
  if (!column) return trials;
  const sign = isDescending ? -1 : 1;
  const { text, value } = column;
  if (!value) return trials.sort((a, b) => sign * compareNames(text(a), text(b)));
  return trials.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sign * (x - y);
  });
}

function textOf(row: TrialRow): { readonly cells: readonly string[]; readonly all: string } {
  let known = texts.get(row);
  if (!known) {
    const cells = TRIAL_COLUMNS.map(({ text }) => text(row));
    known = { cells, all: [...cells, row.error ?? ''].join(' ').toLowerCase() };
    texts.set(row, known);
  }
  return known;
}
