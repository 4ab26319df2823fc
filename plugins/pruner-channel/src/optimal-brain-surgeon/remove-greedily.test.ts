import { createRandom, type Random } from '@tersor/core';
import { prepareMoments, type InputMoments } from '../reconstruction/refit.js';
import { correlatedReader } from './correlated-reader.js';
import { independentReader, removeGreedily } from './remove-greedily.js';

interface Case {
  readonly moments: InputMoments;
  readonly kernel: Float32Array;
  readonly outputs: number;
  readonly blocks: readonly (readonly number[])[];
}

const normals = (random: Random, length: number) => Float64Array.from({ length }, () => random.normal());

/** Moments of inputs that depend on one another: fewer sources than inputs, and some noise. */
function momentsOf(random: Random, size: number, ridge = 1e-6, centered = true): InputMoments {
  const sources = Math.ceil(size / 2);
  const mix = normals(random, sources * size);
  const rows = Array.from({ length: 4 * size }, () => {
    const source = normals(random, sources);
    return Float64Array.from({ length: size }, (_, i) =>
      source.reduce((sum, value, k) => sum + value * mix[k * size + i]!, 0.5 * random.normal() + i / size),
    );
  });
  return momentsOfRows(rows, ridge, centered);
}

function momentsOfRows(rows: readonly Float64Array[], ridge: number, centered = true): InputMoments {
  const size = rows[0]!.length;
  const sums = new Float64Array(size);
  const products = new Float64Array(size * size);
  for (const row of rows) {
    for (let i = 0; i < size; i++) {
      sums[i] = sums[i]! + row[i]!;
      for (let j = 0; j < size; j++) products[i * size + j] = products[i * size + j]! + row[i]! * row[j]!;
    }
  }
  return prepareMoments(sums, products, rows.length, centered, ridge);
}

const kernelOf = (random: Random, size: number) => Float32Array.from(normals(random, size));

/** Solves a linear system by Gauss-Jordan elimination: no code in common with what is tested. */
function gauss(matrix: number[][], right: number[][]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...right[i]!]);
  for (let pivot = 0; pivot < n; pivot++) {
    const best = rows
      .slice(pivot)
      .reduce((at, row, i, all) => (Math.abs(row[pivot]!) > Math.abs(all[at]![pivot]!) ? i : at), 0);
    [rows[pivot], rows[pivot + best]] = [rows[pivot + best]!, rows[pivot]!];
    rows.forEach((row, i) => {
      if (i === pivot) return;
      const factor = row[pivot]! / rows[pivot]![pivot]!;
      rows[i] = row.map((value, k) => value - factor * rows[pivot]![k]!);
    });
  }
  return rows.map((row, i) => row.slice(n).map((value) => value / row[i]!));
}

/** The least relative error of a layer that keeps some inputs only, from the normal equations. */
function leastError(
  { moments: { size, moments }, kernel, outputs, blocks }: Case,
  gone: readonly number[],
): number {
  const removed = new Set(gone.flatMap((channel) => blocks[channel]!));
  const kept = Array.from({ length: size }, (_, i) => i).filter((i) => !removed.has(i));
  let [lost, whole] = [0, 0];
  for (let from = 0; from < kernel.length; from += size * outputs) {
    const weight = (row: number, output: number) => kernel[from + row * outputs + output]!;
    const columns = Array.from({ length: outputs }, (_, output) => output);
    const targets = Array.from({ length: size }, (_, row) =>
      columns.map((output) => {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += moments[row * size + k]! * weight(k, output);
        return sum;
      }),
    );
    const solution = gauss(
      kept.map((i) => kept.map((j) => moments[i * size + j]!)),
      kept.map((i) => targets[i]!),
    );
    for (const output of columns) {
      let energy = 0;
      for (let row = 0; row < size; row++) energy += weight(row, output) * targets[row]![output]!;
      whole += energy;
      lost += kept.reduce((sum, row, i) => sum - solution[i]![output]! * targets[row]![output]!, energy);
    }
  }
  return lost / whole;
}

const readerOf = ({ moments, kernel, outputs, blocks }: Case) =>
  correlatedReader(moments, kernel, outputs, blocks);

/** Greedy removal that solves the least squares of every reader for every channel that could go. */
function bruteForce(cases: readonly Case[], channels: number): { order: number[]; errors: number[] } {
  const order: number[] = [];
  const errors = [0];
  while (order.length < channels) {
    const left = Array.from({ length: channels }, (_, c) => c).filter((c) => !order.includes(c));
    const costs = left.map((channel) =>
      cases.reduce((sum, each) => sum + leastError(each, [...order, channel]), 0),
    );
    const least = Math.min(...costs);
    order.push(left[costs.lastIndexOf(least)]!);
    errors.push(least);
  }
  return { order, errors };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Two readers: a 3 x 1 convolution of the group alone, and one that also reads two other channels. */
function coupledCases(seed: number, channels: number): Case[] {
  const random = createRandom(seed);
  const taps = 3;
  const offset = 2;
  return [
    {
      moments: momentsOf(random, taps * channels, 1e-6, true),
      kernel: kernelOf(random, taps * channels * 4),
      outputs: 4,
      blocks: range(0, channels).map((channel) => range(0, taps).map((tap) => tap * channels + channel)),
    },
    {
      // Moments of the channels alone, for four kernel positions (`wholeRows` is false).
      moments: momentsOf(random, channels + offset, 1e-3, false),
      kernel: kernelOf(random, 4 * (channels + offset) * 3),
      outputs: 3,
      blocks: range(0, channels).map((channel) => [offset + channel]),
    },
  ];
}

test.each([1, 2, 3, 4, 5, 6])(
  'order and errors are those of solving the least squares of all readers for every removal (seed %d)',
  (seed) => {
    const channels = 4 + (seed % 4);
    const cases = coupledCases(seed, channels);
    const expected = bruteForce(cases, channels);
    const { order, errors } = removeGreedily(cases.map(readerOf), channels);
    expect(order).toEqual(expected.order);
    expect([...errors]).toHaveLength(channels + 1);
    errors.forEach((error, removed) => expect(error).toBeCloseTo(expected.errors[removed]!, 9));
  },
);

test('nothing removed costs nothing; a layer that loses all of its inputs loses all of its output', () => {
  const [whole] = coupledCases(7, 6);
  const { errors } = removeGreedily([readerOf(whole!)], 6);
  expect(errors[0]).toBe(0);
  expect(errors[6]).toBeCloseTo(1, 9);
  for (let removed = 1; removed <= 6; removed++)
    expect(errors[removed]!).toBeGreaterThanOrEqual(errors[removed - 1]!);
});

test('a channel behind a flatten owns a row for each position', () => {
  const random = createRandom(8);
  const [channels, positions] = [5, 4];
  const flat: Case = {
    moments: momentsOf(random, channels * positions),
    kernel: kernelOf(random, channels * positions * 3),
    outputs: 3,
    blocks: range(0, channels).map((channel) => range(0, positions).map((at) => at * channels + channel)),
  };
  const expected = bruteForce([flat], channels);
  const { order, errors } = removeGreedily([readerOf(flat)], channels);
  expect(order).toEqual(expected.order);
  errors.forEach((error, removed) => expect(error).toBeCloseTo(expected.errors[removed]!, 9));
});

test('channels that nothing reads go first, at no cost at all', () => {
  const [base] = coupledCases(9, 5);
  const kernel = base!.kernel.map((value, at) => ([1, 3].includes(Math.floor(at / 4) % 5) ? 0 : value));
  const { order, errors } = removeGreedily([readerOf({ ...base!, kernel })], 5);
  expect(order.slice(0, 2)).toEqual([3, 1]);
  expect([errors[1], errors[2]]).toEqual([0, 0]);
  expect(errors[3]).toBeGreaterThan(1e-3);
});

test('of two equal channels one goes first, at the cost of the ridge; the other is then as dear as both were', () => {
  const random = createRandom(10);
  const rows = Array.from({ length: 60 }, () => {
    const row = normals(random, 5);
    row[4] = row[1]!;
    return row;
  });
  const twins: Case = {
    moments: momentsOfRows(rows, 1e-10),
    kernel: kernelOf(random, 15),
    outputs: 3,
    blocks: range(0, 5).map((channel) => [channel]),
  };
  const { order, errors } = removeGreedily([readerOf(twins)], 5);
  expect([1, 4]).toContain(order[0]);
  expect(errors[1]).toBeLessThan(1e-8);
  expect(errors[2]).toBeGreaterThan(1e-3);
});

test('a channel that is always zero, or never varies where a bias takes the mean, goes first', () => {
  const random = createRandom(11);
  const rows = Array.from({ length: 60 }, () =>
    normals(random, 6).map((value, i) => (i === 2 ? 0 : i === 5 ? 3 : value)),
  );
  const still: Case = {
    moments: momentsOfRows(rows, 1e-10),
    kernel: kernelOf(random, 18),
    outputs: 3,
    blocks: range(0, 6).map((channel) => [channel]),
  };
  const { order, errors } = removeGreedily([readerOf(still)], 6);
  expect(order.slice(0, 2).sort()).toEqual([2, 5]);
  expect(errors[2]).toBeLessThan(1e-8);
  expect(errors[3]).toBeGreaterThan(1e-3);
});

test('a reader without moments adds the share of the weights that read a channel', () => {
  const { order, errors } = removeGreedily([independentReader(Float64Array.of(4, 1, 3), 10)], 3);
  expect(order).toEqual([1, 2, 0]);
  [0, 0.1, 0.4, 0.8].forEach((error, removed) => expect(errors[removed]).toBeCloseTo(error, 12));
});

test('inputs of which most are linear combinations of others stay finite, whatever the ridge', () => {
  const random = createRandom(12);
  const rows = Array.from({ length: 10 }, () => normals(random, 24).map((value) => value * 1e4));
  const { errors } = removeGreedily(
    [
      readerOf({
        moments: momentsOfRows(rows, 1e-15),
        kernel: kernelOf(random, 48),
        outputs: 2,
        blocks: range(0, 24).map((channel) => [channel]),
      }),
    ],
    24,
  );
  expect([...errors].every((error) => Number.isFinite(error) && error >= 0)).toBe(true);
});
