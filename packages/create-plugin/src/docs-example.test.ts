import { check, rewardContract } from '@tersor/testing';
import { createHost, TOKENS, type Plugin } from '@tersor/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import plugin, { createReward } from '../../../docs/examples/reward-mine.js';

const source = join(__dirname, '../../../docs/examples/reward-mine.ts');

test('the plugin that the documentation shows has 30 lines at most', () => {
  expect(readFileSync(source, 'utf8').trim().split('\n').length).toBeLessThanOrEqual(30);
});

test('it keeps the contract', async () => {
  expect(await check(rewardContract(() => createReward({ weight: 0.1 })))).toEqual([]);
});

test('the host makes it with its default', async () => {
  const host = await createHost({
    slots: [{ kind: 'reward', name: 'prune', path: 'prune.reward', use: 'mine', options: {} }],
    directory: __dirname,
    seed: 1,
    builtins: [plugin as Plugin],
  });
  const baseline = { accuracy: 1, macs: 10, parameters: 1, bytes: 4 };
  expect((await host.get(TOKENS.reward, 'prune')).evaluate({ ...baseline, macs: 5, baseline })).toBeCloseTo(
    0.95,
  );
});
