import type { Environment } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { confirmBest } from './confirm.js';

/** One step an episode; the policy is the action, and its reward what these images say. */
function imagesThatSay(rewards: Readonly<Record<string, number>>, seeds: number[] = []): Environment {
  const space = { type: 'box', low: [0], high: [9] } as const;
  return {
    observationSpace: space,
    actionSpace: space,
    maxSteps: 1,
    reset: async (seed) => (seeds.push(seed), { observation: [0] }),
    step: async (action) => ({
      observation: [0],
      reward: rewards[action[0]!]!,
      terminated: true,
      truncated: false,
      info: { executed: action, policy: { kept: Math.floor(action[0]!) } },
    }),
  };
}

/** Episodes of a search by their action and reward. */
function searched(...episodes: (readonly [action: number, reward: number])[]): EpisodeRecord[] {
  return episodes.map(([action, reward], i) => ({
    episode: i + 1,
    actions: [[action]],
    reward,
    measures: {},
    policy: { kept: action },
    statistics: {},
    seconds: 0,
  }));
}

describe('confirmBest', () => {
  it('measures the best different policies again, and has the best on the new images first', async () => {
    const seeds: number[] = [];
    const environment = imagesThatSay({ 1: 0.9, 2: 0.5, 3: 0.7, 4: 0.6 }, seeds);
    // 3 comes twice, and 1, which is the best on the new images, was not among the best.
    const records = searched([1, 0.1], [2, 0.8], [3, 0.7], [3, 0.7], [4, 0.6]);
    const confirmed = await confirmBest({ records, candidates: 3, environment, seed: 10 });
    expect(confirmed.map(({ record, reward }) => [record.episode, reward])).toEqual([
      [3, 0.7],
      [5, 0.6],
      [2, 0.5],
    ]);
    // Each with the seed of its own episode.
    expect(seeds).toEqual([11, 12, 14]);
  });

  it('of equal ones prefers the best of the search', async () => {
    const records = searched([1, 0.2], [2, 0.3]);
    const environment = imagesThatSay({ 1: 0.5, 2: 0.5 });
    const [first] = await confirmBest({ records, candidates: 2, environment, seed: 1 });
    expect(first!.record.episode).toBe(2);
  });

  it('leaves out an episode whose actions make another policy now, and says so', async () => {
    const notices: string[] = [];
    const confirmed = await confirmBest({
      records: searched([1, 0.2], [2.5, 0.3]),
      candidates: 2,
      environment: imagesThatSay({ 1: 0.5, 2.5: 0.9 }),
      seed: 1,
      onNotice: (text) => notices.push(text),
    });
    expect(confirmed.map(({ record }) => record.episode)).toEqual([1]);
    expect(notices).toEqual([
      'Episode 2 cannot be confirmed: the environment made another policy of its actions.',
    ]);
  });
});
