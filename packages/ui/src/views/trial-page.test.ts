import type { TrialRow } from '@tersor/study';
import { trialPage } from './trial-page.js';

const ALL = { isDescending: false, filter: '', from: 0 };

/** 250 trials; every tenth failed, and has no figures. */
const trials: TrialRow[] = Array.from({ length: 250 }, (_, i) => ({
  ...{ variant: `budget ${i % 5}`, seed: i + 1, trial: i.toString(16).padStart(12, '0') },
  ...(i % 10 === 9
    ? { status: 'failed', error: 'The disk is full.', figures: {} }
    : { status: 'done', figures: { bytes: 10_000 - i, testAccuracy: i / 250 } }),
}));
const seeds = ({ rows }: ReturnType<typeof trialPage>) => rows.map(({ cells }) => Number(cells[1]));

describe('a page of trials', () => {
  it('is a hundred rows in the order of the plan, the last one what is left', () => {
    const first = trialPage(trials, ALL);
    expect(first).toMatchObject({ from: 0, matching: 250, total: 250 });
    expect(seeds(first)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(seeds(trialPage(trials, { ...ALL, from: 200 })).at(-1)).toBe(250);
    for (const from of [250, 1e9, Infinity]) expect(trialPage(trials, { ...ALL, from }).from).toBe(200);
    for (const from of [NaN, -7]) expect(trialPage(trials, { ...ALL, from }).from).toBe(0);
  });

  it('sorts all of them by what a column means, those without a value last either way', () => {
    const sorted = (isDescending: boolean, from: number) =>
      seeds(trialPage(trials, { ...ALL, sort: 'bytes on disk', isDescending, from }));
    expect(sorted(false, 0)[0]).toBe(249);
    expect(sorted(true, 0)[0]).toBe(1);
    for (const isDescending of [false, true])
      expect(sorted(isDescending, 200).slice(-25)).toEqual(
        Array.from({ length: 25 }, (_, i) => 10 * (i + 1)),
      );
  });

  it('filters by status, by words of a row and of its error', () => {
    expect(trialPage(trials, { ...ALL, status: 'failed' }).matching).toBe(25);
    expect(trialPage(trials, { ...ALL, filter: 'DISK full' }).matching).toBe(25);
    expect(trialPage(trials, { ...ALL, filter: 'budget 0000000000F8' }).matching).toBe(1);
    expect(trialPage(trials, { ...ALL, filter: 'nothing', from: 100 })).toMatchObject({
      matching: 0,
      from: 0,
      rows: [],
    });
  });
});
