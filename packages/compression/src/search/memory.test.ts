import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompressConfig, RunIdentity } from '@tersor/core';
import { readMemory } from './memory.js';

const identity = {
  model: { topology: 't', weights: 'w' },
  dataset: 'd',
} as RunIdentity;
const prune = { pruner: { use: 'channel' }, budget: { macs: 0.5 }, minimum: 0.1, multiple: 1 };
const config = { seed: 1, prune: { ...prune, search: { memory: ['first'] } } } as unknown as CompressConfig;
const SUMMARY = JSON.stringify({ identity, seed: 1, config: { prune } });
const EPISODE = JSON.stringify({ stage: 'prune', episode: 1, actions: [[0.5]], reward: 0.8, measures: {} });

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'tersor-memory-'))));
afterEach(() => rm(directory, { recursive: true }));

async function remembered(summary: string, episodes: string) {
  await writeFile(join(directory, 'summary.json'), summary);
  await writeFile(join(directory, 'episodes.jsonl'), episodes);
  const named = {
    ...config,
    prune: { ...config.prune!, search: { ...config.prune!.search, memory: ['.'] } },
  };
  return readMemory('prune', named, { directory, identity });
}

it('reads the episodes of a run of the same search', async () => {
  const { own, others } = await remembered(SUMMARY, `${EPISODE}\n`);
  expect(own).toEqual([JSON.parse(EPISODE)]);
  expect(others).toEqual([]);
});

it.each([
  ['a summary that is no object', 'null', EPISODE],
  ['a summary that is cut off', SUMMARY.slice(0, -5), EPISODE],
  ['an identity without a model', JSON.stringify({ identity: {}, config: { prune } }), EPISODE],
  ['settings that are no object', JSON.stringify({ identity, config: { prune: 7 } }), EPISODE],
  ['an episode that is no object', SUMMARY, `${EPISODE}\nnull\n`],
  ['an episode without actions', SUMMARY, '{"stage":"prune","measures":{}}'],
])('says which folder it is for %s', async (_, summary, episodes) => {
  await expect(remembered(summary, episodes)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^prune\.search\.memory: \. holds no results of a run .*cannot be read/),
  });
});
