import { createRandom, type BitQuestion, type Random } from '@tersor/core';
import { bestPrices, leastError, leastPossible, type Choice } from './knapsack.js';
import { bitsByErrorPerByte, leastErrorBits, type ErrorOf } from './least-error-bits.js';

/** Layers of so many bytes a bit, and a limit on all bytes together. */
function question(sizes: readonly number[], limit: number): BitQuestion {
  const of = (amounts: readonly number[]) => amounts.reduce((sum, bits, i) => sum + bits * sizes[i]!, 0);
  return {
    layers: sizes.map((_, i) => ({ name: `l${i}`, className: 'Dense', config: {}, weights: [] })),
    bits: [2, 8],
    bytes: (layer, bits) => bits * sizes[layer]!,
    error: () => 0,
    limits: [{ name: 'bytes', limit, of }],
    used: (amounts) => of(amounts) / limit,
    fits: (amounts) => of(amounts) <= limit,
  };
}

/** A quarter of the error for every bit. */
const falling = (scale: number) => (bits: number) => scale * 4 ** -bits;

const sumOf = (bits: readonly number[], error: ErrorOf) =>
  bits.reduce((sum, each, layer) => sum + error(layer, each), 0);

/** The least error of all that fit, by trying everything. */
function best(asked: BitQuestion, error: ErrorOf): number {
  const extend = (bits: number[]): number =>
    bits.length === asked.layers.length
      ? asked.fits(bits)
        ? sumOf(bits, error)
        : Infinity
      : Math.min(...[2, 3, 4, 5, 6, 7, 8].map((each) => extend([...bits, each])));
  return extend([]);
}

describe('bits by error per byte', () => {
  it('gives most bits to the layer that is small, or whose error is large', () => {
    const error = (layer: number, bits: number) => falling([1, 1, 50][layer]!)(bits);
    const bits = bitsByErrorPerByte(question([1, 100, 100], 100 * 4 + 100 * 6 + 8), error);
    expect(bits).toEqual([8, 4, 6]);
  });

  it('is no worse than the best with one step less to spend, where each bit brings less than the one before', () => {
    for (const limit of [800, 1000, 1300, 1700]) {
      const asked = question([10, 40, 100, 25], limit);
      const error = (layer: number, bits: number) => falling([3, 1, 2, 0.2][layer]!)(bits);
      const bits = bitsByErrorPerByte(asked, error);
      expect(asked.fits(bits)).toBe(true);
      expect(sumOf(bits, error)).toBeLessThanOrEqual(
        best(question([10, 40, 100, 25], limit - 100), error) + 1e-12,
      );
    }
  });

  it('passes over a width that brings nothing by itself', () => {
    // Three bits are no better than two; four are much better.
    const error = (layer: number, bits: number) => (layer === 0 ? (bits < 4 ? 10 : 0) : falling(1)(bits));
    expect(bitsByErrorPerByte(question([10, 10], 10 * 4 + 10 * 2), error)).toEqual([4, 2]);
  });

  it('gives no byte away for nothing', () => {
    expect(
      bitsByErrorPerByte(question([10, 10], 1000), (layer, bits) => (layer === 0 ? 1 : falling(1)(bits))),
    ).toEqual([2, 8]);
  });
});

describe('the heuristic with the least error', () => {
  it('finds what bits given one after the other miss: known answer', () => {
    // By error per byte the small layer comes first, and leaves no room for the large one's next bit.
    const error = (layer: number, bits: number) => [bits > 2 ? 0 : 5, bits > 2 ? 0 : 9][layer]!;
    const asked = question([5, 10], 2 * 5 + 2 * 10 + 10);
    expect(bitsByErrorPerByte(asked, error)).toEqual([3, 2]);
    expect(leastErrorBits(asked, error)).toEqual([2, 3]);
  });

  it('has the least error of all that fit, by trying everything', () => {
    for (const limit of [450, 600, 800, 1000]) {
      const asked = question([10, 40, 100, 25], limit);
      const error = (layer: number, bits: number) => falling([3, 1, 2, 0.2][layer]!)(bits);
      const bits = leastErrorBits(asked, error);
      expect(asked.fits(bits)).toBe(true);
      expect(sumOf(bits, error)).toBeCloseTo(best(asked, error), 12);
    }
  });

  it('keeps several limits, with the least error of all that fit, by trying everything', () => {
    let better = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const random = createRandom(seed, 'limits');
      const drawn = (most: number) => Array.from({ length: 5 }, () => 1 + random.integer(most));
      const limitOf = (sizes: readonly number[]) =>
        Math.round(sizes.reduce((sum, size) => sum + size, 0) * (2.2 + 4 * random.uniform()));
      const asked = [drawn(100), drawn(30), drawn(10)]
        .slice(0, 2 + (seed % 2))
        .map((sizes) => question(sizes, limitOf(sizes)));
      const all: BitQuestion = {
        ...asked[0]!,
        limits: asked.flatMap(({ limits }) => limits),
        fits: (bits) => asked.every(({ fits }) => fits(bits)),
      };
      const scales = drawn(50);
      const error = (layer: number, bits: number) => falling(scales[layer]!)(bits);
      const bits = leastErrorBits(all, error);
      expect(all.fits(bits)).toBe(true);
      expect(sumOf(bits, error)).toBeCloseTo(best(all, error), 12);
      if (sumOf(bits, error) < sumOf(bitsByErrorPerByte(all, error), error) - 1e-9) better++;
    }
    // Bits given one after the other miss them often.
    expect(better).toBeGreaterThan(10);
  });

  it('comes near the least error where a network has too many layers for an exact answer', () => {
    let [byByte, found, bound] = [0, 0, 0];
    for (let seed = 1; seed <= 5; seed++) {
      const random = createRandom(seed, 'network');
      const sizes = Array.from({ length: 40 }, () => 10 ** (1 + 3 * random.uniform()));
      const work = sizes.map((size) => size * 10 ** (2 * random.uniform()));
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const limits = [4 * sum(sizes), 3.6 * sum(work)];
      const asked = [question(sizes, limits[0]!), question(work, limits[1]!)];
      const both: BitQuestion = {
        ...asked[0]!,
        limits: asked.flatMap((each) => each.limits),
        fits: (bits) => asked.every(({ fits }) => fits(bits)),
      };
      const scales = sizes.map((size) => size ** 0.3 * (0.2 + random.uniform()));
      const error = (layer: number, bits: number) => falling(scales[layer]!)(bits);
      const bits = leastErrorBits(both, error);
      expect(both.fits(bits)).toBe(true);
      const choices = sizes.map((size, layer) =>
        [2, 3, 4, 5, 6, 7, 8].map((each) => ({
          sizes: [each * size, each * work[layer]!],
          error: error(layer, each),
        })),
      );
      const greedy = sumOf(bitsByErrorPerByte(both, error), error);
      byByte += greedy;
      found += sumOf(bits, error);
      bound += leastPossible(choices, limits, bestPrices(choices, limits, greedy));
    }
    expect(found).toBeGreaterThanOrEqual(bound);
    expect(found / bound).toBeLessThan(1.15);
    // By the byte alone, layers with much work take what the other limit has.
    expect(byByte / found).toBeGreaterThan(1.1);
  });

  it('spends nothing where a limit has no room', () => {
    const asked = [question([5, 10], 2 * 15), question([1, 1], 16)];
    const both: BitQuestion = {
      ...asked[1]!,
      limits: asked.flatMap(({ limits }) => limits),
      fits: (bits) => asked.every(({ fits }) => fits(bits)),
    };
    expect(leastErrorBits(both, (_, bits) => falling(1)(bits))).toEqual([2, 2]);
  });
});

/** Layers of some ways each; with more bytes the error falls, by steps of any height. */
function drawLayers(random: Random, layers: number, ways: number): Choice[][] {
  return Array.from({ length: layers }, () => {
    let size = random.integer(20);
    let error = 100 * random.uniform() ** 2;
    return Array.from({ length: ways }, (): Choice => {
      size += 1 + random.integer(40);
      error *= random.uniform();
      return { sizes: [size], error };
    });
  });
}

const total = (layers: readonly (readonly Choice[])[], picks: readonly number[], of: 'error' | number) =>
  picks.reduce((sum, pick, layer) => {
    const { error, sizes } = layers[layer]![pick]!;
    return sum + (of === 'error' ? error : sizes[of]!);
  }, 0);

/** The question that these layers put, with 2 bits for the first way. */
function questionOf(layers: readonly (readonly Choice[])[], room: number): BitQuestion {
  const of = (bits: readonly number[]) =>
    total(
      layers,
      bits.map((each) => each - 2),
      0,
    );
  return {
    ...question([], room),
    layers: layers.map((_, i) => ({ name: `l${i}`, className: 'Dense', config: {}, weights: [] })),
    bits: [2, 1 + layers[0]!.length],
    bytes: (layer, bits) => layers[layer]![bits - 2]!.sizes[0]!,
    fits: (bits) => of(bits) <= room,
  };
}

/** By the greedy heuristic: the sum of errors. */
function greedy(layers: readonly (readonly Choice[])[], room: number): number {
  const bits = bitsByErrorPerByte(questionOf(layers, room), (layer, each) => layers[layer]![each - 2]!.error);
  const picks = bits.map((each) => each - 2);
  expect(total(layers, picks, 0)).toBeLessThanOrEqual(room);
  return total(layers, picks, 'error');
}

/** Rooms between the smallest way of all layers and the largest. */
function roomsOf(layers: readonly (readonly Choice[])[]): number[] {
  const [least, most] = [0, -1].map((at) => layers.reduce((sum, ways) => sum + ways.at(at)!.sizes[0]!, 0));
  return [0, 0.1, 0.25, 0.5, 0.75, 0.95].map((share) => Math.round(least! + share * (most! - least!)));
}

describe('the bits with the least error', () => {
  it('are those that trying everything finds', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const layers = drawLayers(createRandom(seed), 5, 4);
      for (const room of roomsOf(layers)) {
        const all = layers.reduce<number[][]>(
          (found, ways) => found.flatMap((picks) => ways.map((_, pick) => [...picks, pick])),
          [[]],
        );
        const fitting = all.filter((picks) => total(layers, picks, 0) <= room);
        const least = Math.min(...fitting.map((picks) => total(layers, picks, 'error')));
        const picks = leastError(layers, [room], Infinity)!;
        expect(total(layers, picks, 0)).toBeLessThanOrEqual(room);
        expect(total(layers, picks, 'error')).toBeCloseTo(least, 9);
        expect(leastPossible(layers, [room], bestPrices(layers, [room], least))).toBeLessThanOrEqual(
          least + 1e-9,
        );
        // Known not to be beaten.
        expect(leastError(layers, [room], least * (1 - 1e-9))).toBeUndefined();
        expect(leastError(layers, [room], least + 1e-6)).toEqual(picks);
      }
      expect(leastError(layers, [roomsOf(layers)[0]! - 1], Infinity)).toBeUndefined();
    }
  });

  it('are no better with the largest step less of room than the greedy ones', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const layers = drawLayers(createRandom(seed, 'greedy'), 8, 7);
      const step = Math.max(...layers.map((ways) => ways.at(-1)!.sizes[0]! - ways[0]!.sizes[0]!));
      for (const room of roomsOf(layers)) {
        const found = greedy(layers, room);
        const picks = leastError(layers, [room], Infinity)!;
        expect(found).toBeGreaterThanOrEqual(total(layers, picks, 'error') - 1e-9);
        const less = leastError(layers, [room - step], Infinity);
        if (less) expect(found).toBeLessThanOrEqual(total(layers, less, 'error') + 1e-9);
      }
    }
  });

  it('are the greedy ones where every bit costs the same and brings less than the one before', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = createRandom(seed, 'convex');
      const layers = Array.from({ length: 6 }, () => {
        const falls = Array.from({ length: 6 }, () => random.uniform()).sort((a, b) => b - a);
        return Array.from({ length: 7 }, (_, i) => ({
          sizes: [10 * (i + 1)],
          error: falls.slice(i).reduce((sum, fall) => sum + fall, 0),
        }));
      });
      for (const room of roomsOf(layers)) {
        const picks = leastError(layers, [room], Infinity)!;
        expect(greedy(layers, room)).toBeCloseTo(total(layers, picks, 'error'), 9);
      }
    }
  });

  it('have, where layers are as many as in a network, nearly the error of the greedy ones', () => {
    let [found, least] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const layers = drawLayers(createRandom(seed, 'many'), 28, 7);
      for (const room of roomsOf(layers).slice(1)) {
        const error = greedy(layers, room);
        const picks = leastError(layers, [room], error);
        found += error;
        least += picks ? total(layers, picks, 'error') : error;
      }
    }
    expect(found / least).toBeLessThan(1.02);
    expect(found / least).toBeGreaterThan(1);
  });
});
