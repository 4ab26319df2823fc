import { createRandom } from './random.js';

it('is uniform in [0, 1) and normal with mean 0 and variance 1', () => {
  const random = createRandom(1, 'moments');
  const count = 20000;
  const uniform = Array.from({ length: count }, () => random.uniform());
  const normal = Array.from({ length: count }, () => random.normal());
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / count;
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...uniform)).toBeLessThan(1);
  expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.01);
  expect(Math.abs(mean(uniform.map((value) => value ** 2)) - 1 / 3)).toBeLessThan(0.01);
  expect(Math.abs(mean(normal))).toBeLessThan(0.03);
  expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(0.04);
  // The kurtosis of a normal distribution.
  expect(Math.abs(mean(normal.map((value) => value ** 4)) - 3)).toBeLessThan(0.3);
});

it('keeps streams of different names and seeds apart', () => {
  const first = (seed: number, name: string) =>
    Array.from({ length: 5 }, createRandom(seed, name).uniform).join();
  expect(new Set([first(1, 'a'), first(1, 'b'), first(2, 'a'), first(2, 'b')]).size).toBe(4);
  expect(first(1, 'a')).toBe(first(1, 'a'));
});

it('goes on from a saved state', () => {
  const random = createRandom(5, 'save');
  random.normal();
  const state = random.save();
  const expected = [random.uniform(), random.normal(), random.integer(100)];
  const other = createRandom(6, 'other');
  other.load(state);
  expect([other.uniform(), other.normal(), other.integer(100)]).toEqual(expected);
});

it('permutes: each number once, each first place about as often', () => {
  const random = createRandom(8, 'permutation');
  const firsts = Array<number>(5).fill(0);
  for (let i = 0; i < 5000; i++) {
    const order = random.permutation(5);
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
    firsts[order[0]!]!++;
  }
  for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(120);
});
