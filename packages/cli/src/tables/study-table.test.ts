import type { StudyResults, VariantRow } from '@tersor/study';
import { studyTable } from './study-table.js';

const estimate = (mean: number) => ({ count: 1, mean });
const row = (
  variant: string,
  estimates: VariantRow['estimates'],
  trials: Partial<VariantRow['trials']> = { done: 1 },
): VariantRow => ({
  variant,
  labels: {},
  trials: { done: 0, failed: 0, interrupted: 0, missing: 0, ...trials },
  estimates,
});
const results = (...variants: VariantRow[]): StudyResults => ({
  name: 'a study',
  variants,
  trials: [],
  pareto: { bytes: [], macs: [] },
});
/** The cells of the row that begins with `name`. */
const cells = (table: string, name: string) =>
  table
    .split('\n')
    .find((line) => line.includes(name))!
    .split('│')
    .map((cell) => cell.trim())
    .slice(1, -1);

describe('studyTable', () => {
  it('compares accuracy, cost, speed and memory', () => {
    const figures = {
      testAccuracy: estimate(0.8125),
      bytes: estimate(190_709),
      macs: estimate(32_533_798),
      seconds: estimate(227.5),
      episodesPerMinute: estimate(61.25),
      peakResidentBytes: estimate(512 * 2 ** 20),
    };
    const table = studyTable(results(row('wasm', figures)));
    expect(cells(table, 'variant')).toEqual([
      'variant',
      'seeds',
      'test accuracy',
      'bytes',
      'MACs',
      'seconds',
      'episodes/min',
      'peak MiB',
    ]);
    expect(cells(table, 'wasm')).toEqual([
      'wasm',
      '1',
      '81.25%',
      '190,709',
      '32,533,798',
      '228',
      '61.3',
      '512',
    ]);
  });

  it('shows spread and interval where there are seeds enough', () => {
    const testAccuracy = {
      count: 3,
      mean: 0.8,
      deviation: 0.01,
      interval: [0.775, 0.825] as const,
      basis: 'images' as const,
    };
    const ours = {
      ...row('ours', { testAccuracy }),
      baseline: 'random',
      differences: {
        testAccuracy: {
          ...testAccuracy,
          mean: 0.05,
          interval: [0.0252, 0.0748] as const,
          p: 0.01,
          adjusted: 0.02,
        },
      },
    };
    const table = studyTable({
      ...results(ours, row('random', { testAccuracy })),
      baseline: { agent: 'random' },
    });
    expect(cells(table, 'variant').slice(2, 5)).toEqual(['test accuracy', 'to random, 95%', 'p (Holm)']);
    expect(cells(table, 'ours').slice(2, 5)).toEqual(['80.00% ± 1.00', '5.00 [2.52, 7.48]', '0.020']);
  });

  it('has a dash for what an older version did not record, and for what no trial has', () => {
    const table = studyTable(
      results(
        row('old', {
          testAccuracy: estimate(0.5),
          bytes: estimate(1),
          macs: estimate(1),
          seconds: estimate(1),
        }),
        row('broken', {}, { failed: 2, missing: 1 }),
      ),
    );
    expect(cells(table, 'old').slice(-2)).toEqual(['–', '–']);
    expect(cells(table, 'broken')).toEqual([
      'broken',
      '0 of 3, 2 failed, 1 missing',
      'no result',
      '–',
      '–',
      '–',
      '–',
      '–',
    ]);
  });
});
