import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { instantRunner, studyFolder } from '../../test/fixtures.js';
import { runInFolder } from '../../test/run-in-folder.js';
import { MOST, thinned } from './most.js';

const VARIANTS = 51;
const SEEDS = 8;

describe('the report of a large study', () => {
  let page: string;
  let csv: string;
  beforeAll(async () => {
    const place = await studyFolder();
    const sizes = Array.from({ length: VARIANTS }, (_, i) => 0.3 + 0.01 * i);
    const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
    const changes = { grid: { 'prune.budget.macs': sizes }, seeds, limit: VARIANTS * SEEDS };
    await runInFolder(place, changes, { runner: instantRunner([], 20) });
    page = await readFile(join(place.output, 'report.html'), 'utf8');
    csv = await readFile(join(place.output, 'results.csv'), 'utf8');
    await rm(place.folder, { recursive: true });
  });

  it('shows the variants with the highest accuracy, and says of how many', () =>
    expect(page).toContain(`Only ${MOST.variants} of ${VARIANTS} variants are shown.`));

  it('lists as many trials as a page holds, and says that results.csv has all', () => {
    expect(page).toContain(
      `Only ${MOST.rows} of ${VARIANTS * SEEDS} trials are shown. results.csv has all of them.`,
    );
    expect(csv.trim().split('\n')).toHaveLength(1 + VARIANTS * SEEDS);
  });

  it('draws every trial of those variants in the chart of accuracy against size, as far as marks go', () =>
    expect(page).toContain(
      `(the Pareto front). Only ${MOST.variants * SEEDS} of ${VARIANTS * SEEDS} trials are shown.`,
    ));

  it('is a small file', () => expect(page.length).toBeLessThan(5e6));
});

it('thins a list at equal distances', () => {
  expect(thinned([1, 2, 3, 4, 5, 6], 3)).toEqual([1, 3, 5]);
  expect(thinned([1, 2], 3)).toEqual([1, 2]);
});
