import { createRandom } from '@tersor/core';
import { ReplayBuffer, type ReplayStep } from './replay-buffer.js';

/** Steps that carry a mark in every field. */
function episode(mark: number, length = 3): ReplayStep[] {
  return Array.from({ length }, (_, i) => ({
    observation: [mark, i],
    action: [mark / 10],
    reward: mark,
    nextObservation: [mark, i + 1],
    continues: i < length - 1,
  }));
}

function buffer(capacity: number, keepBest = 0): ReplayBuffer {
  return new ReplayBuffer({ observationSize: 2, actionSize: 1, capacity, keepBest });
}

/** Marks of the episodes that can be drawn. */
function marks(replay: ReplayBuffer): number[] {
  return [...new Set(replay.sample(500, createRandom(1)).rewards)].sort((a, b) => a - b);
}

it('gives back steps as they were added', () => {
  const replay = buffer(10);
  replay.add(episode(1, 1), 0);
  replay.add(episode(2, 4), 0);
  const batch = replay.sample(300, createRandom(1));
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const [mark, step] = batch.observations.subarray(2 * i);
    seen.add(`${mark} ${step}`);
    expect(batch.actions[i]).toBeCloseTo(mark! / 10, 6);
    expect(batch.rewards[i]).toBe(mark);
    expect([...batch.nextObservations.subarray(2 * i, 2 * i + 2)]).toEqual([mark, step! + 1]);
    expect(batch.continues[i]).toBe(Number(step! < (mark === 1 ? 0 : 3)));
  }
  expect([...seen].sort()).toEqual(['1 0', '2 0', '2 1', '2 2', '2 3']);
});

it('draws every step equally often, however long its episode', () => {
  const replay = buffer(10);
  replay.add(episode(1, 1), 0);
  replay.add(episode(2, 9), 0);
  const { rewards } = replay.sample(20000, createRandom(2));
  const first = rewards.filter((reward) => reward === 1).length;
  // Binomial with p = 0.1: 2000 on average, deviation 42.
  expect(Math.abs(first - 2000)).toBeLessThan(200);
});

it('forgets the oldest episode over its capacity', () => {
  const replay = buffer(2);
  for (const mark of [1, 2, 3, 4]) replay.add(episode(mark), 0);
  expect(replay.size).toBe(6);
  expect(marks(replay)).toEqual([3, 4]);
});

it('keeps the best episodes in their share of the capacity', () => {
  const replay = buffer(4, 0.5);
  for (const mark of [1, 2, 3, 4, 5, 6, 7]) replay.add(episode(mark), mark <= 2 ? 10 + mark : -mark);
  expect(marks(replay)).toEqual([1, 2, 6, 7]);
});

it('gives the whole best episode, the first of equal ones', () => {
  const replay = buffer(5);
  [1, 2, 3, 4].forEach((mark) => replay.add(episode(mark), mark === 2 || mark === 3 ? 9 : 0));
  const one = buffer(1);
  one.add(episode(2), 0);
  const { observations, rewards } = replay.best();
  expect(rewards).toHaveLength(one.size);
  expect(new Set(observations)).toEqual(new Set(one.sample(50, createRandom(1)).observations));
});

it('goes on from a saved state, which later episodes do not reach', () => {
  const replay = buffer(2);
  replay.add(episode(1), 0);
  const saved = structuredClone(replay.save());
  const held = replay.save();
  replay.add(episode(2), 0);
  replay.add(episode(3), 0);
  expect(held).toEqual(saved);
  const other = buffer(2);
  other.load(saved);
  expect(other.size).toBe(3);
  other.add(episode(2), 0);
  other.add(episode(3), 0);
  expect(other.sample(50, createRandom(3))).toEqual(replay.sample(50, createRandom(3)));
});
