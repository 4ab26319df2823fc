// A study of trials that take some milliseconds and lay down what a small compression would.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrialRunner } from '@tersor/core';
import { bullmqOptions, type BullmqOptions } from '@tersor/runner-bullmq';

const TRIAL_MS = 5;

export function queueOptions(url: string, store: string): BullmqOptions {
  return bullmqOptions.parse({ url, store, concurrency: 200, pollSeconds: 0.25 });
}

/** Carries a trial out in this process: its figures are drawn from a hash of its settings. */
export const instantRunner: TrialRunner = {
  id: 'instant',
  concurrency: 1,
  run: async ({ config, inputs, place }) => {
    await delay(TRIAL_MS);
    const hash = createHash('sha256')
      .update(JSON.stringify([config.seed, config.prune]))
      .digest();
    const accuracy = 0.8 + hash.readUInt16LE(0) / 2 ** 20;
    const figures = (test: number, bytes: number) => ({
      accuracy: { validation: test, test },
      parameters: bytes / 4,
      macs: 4 * bytes,
      macsWithoutZeroSlices: 4 * bytes,
      bytes,
    });
    const compressed = figures(accuracy, 20_000 + hash.readUInt16LE(2));
    const lines = Array.from({ length: 20 }, (_, i) => ({
      ...{ stage: 'prune', episode: i + 1, actions: [[0.5]], reward: 0.5 + hash[i]! / 512, policy: [] },
      ...{ measures: { ...compressed, accuracy: 0.5 + hash[i]! / 512 }, statistics: {}, seconds: 0.1 },
    }));
    const search = { agent: 'random', episodes: 20, evaluations: 20, bestReward: accuracy, seconds: 2 };
    const summary = {
      ...{ baseline: figures(0.85, 600_000), compressed, ratio: { parameters: 8, macs: 8, bytes: 8 } },
      ...{ search: { prune: search }, seed: config.seed, backend: 'wasm', plugins: [], versions: {} },
      ...{ machine: 'bench', seconds: 2, peakResidentBytes: 4e8, config, identity: inputs },
    };
    await place.put('episodes.jsonl', Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    await place.put('summary.json', Buffer.from(JSON.stringify(summary)));
    return { status: 'done' };
  },
};
