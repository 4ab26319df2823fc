// The folder of a study of many synthetic trials, as `tersor study` leaves it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig, type TrialRunner } from '@tersor/core';
import { folderStore, runStudy, studySchema } from '@tersor/study';
import { identity } from '../../../plugins/runner-bullmq/test/synthetic-study.js';
import { instantRunner } from './synthetic.js';

/** Trials that go on at the same time: each waits for a timer. */
const AT_ONCE = 50;
/** One trial in so many fails. */
const FAILS = 500;

/** Runs a study of synthetic trials, ten seeds of every variant, into `folder/out`, which it gives. */
export async function writeStudyFolder(folder: string, trials: number): Promise<string> {
  const model = 'model.json';
  writeFileSync(join(folder, model), '{}');
  const prune = { agent: 'random', search: { episodes: 20 }, budget: { macs: 0.5 } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model, dataset: 'cifar10', prune }));
  const variants = Math.max(1, Math.round(trials / 10));
  const sizes = Array.from({ length: variants }, (_, i) => 0.3 + (0.5 * i) / variants);
  const study = parseConfig(
    {
      ...{ name: `${trials} trials`, config: 'config.json', output: 'out', limit: trials },
      grid: { 'prune.budget.macs': sizes },
      seeds: Array.from({ length: 10 }, (_, i) => i + 1),
    },
    studySchema,
  );
  let count = 0;
  const runner: TrialRunner = {
    ...instantRunner,
    concurrency: AT_ONCE,
    run: async (...args) =>
      count++ % FAILS === FAILS - 1
        ? { status: 'failed', error: 'Failed on purpose.' }
        : instantRunner.run(...args),
  };
  const out = join(folder, 'out');
  await runStudy({
    ...{ study, path: join(folder, 'study.json'), store: folderStore(out), runner },
    ...{ version: identity.tersor, identify: async () => identity },
  });
  return out;
}
