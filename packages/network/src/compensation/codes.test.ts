import { createRandom, type KernelMoments } from '@tersor/core';
import fc from 'fast-check';
import { betterCodes } from './better-codes.js';
import { codeProblem, type CodeProblem } from './code-problem.js';
import { bestValues, columnGroups, orderedCodes, storedCodes } from './code-values.js';
import { bestFactors, codesOf, compensatedCodes, descend, outputErrors, type Levels } from './codes.js';

/** Rows of inputs that are mixes of a few hidden sources; `others` are the same with some noise. */
function pairedRows(size: number, count: number, seed: number, noise: number) {
  const random = createRandom(seed);
  const mix = Array.from({ length: size }, () => Array.from({ length: 3 }, () => random.normal()));
  const own: number[][] = [];
  const others: number[][] = [];
  for (let r = 0; r < count; r++) {
    const sources = [random.normal(), random.normal(), random.normal()];
    const row = mix.map(
      (weights) => weights.reduce((sum, weight, k) => sum + weight * sources[k]!, 0) + 0.3 * random.normal(),
    );
    own.push(row.map((value) => value + noise * random.normal()));
    others.push(row);
  }
  return { own, others };
}

function average(a: readonly number[][], b: readonly number[][]): Float64Array {
  const n = a[0]!.length;
  const sums = new Float64Array(n * n);
  a.forEach((row, r) =>
    row.forEach((value, i) => b[r]!.forEach((other, j) => (sums[i * n + j]! += (value * other) / a.length))),
  );
  return sums;
}

function momentsOf(own: number[][], outputs: number, others?: number[][]): KernelMoments {
  return {
    matrices: 1,
    inputs: own[0]!.length,
    outputs,
    matrixStride: 0,
    inputStride: outputs,
    products: [average(own, own)],
    ...(others && { cross: [average(own, others)] }),
  };
}

/** Whole numbers from -limit to limit times a step, one for each output. */
function wholeSteps(problem: CodeProblem, steps: number[], limit: number): Levels {
  return {
    groups: columnGroups(problem, [problem.inputs, problem.moments.outputs], 1),
    nearest: (group, value) =>
      Math.max(0, Math.min(2 * limit, Math.floor(value / steps[group]! + limit + 0.5))),
    valueOf: (group, code) => (code - limit) * steps[group]!,
    zeroOf: () => limit,
  };
}

/** Mean squared distance between the outputs of some values and those of the weights in the original. */
function measuredError(
  own: number[][],
  values: ArrayLike<number>,
  others: number[][],
  weights: Float32Array,
) {
  const outputs = weights.length / own[0]!.length;
  let error = 0;
  own.forEach((row, r) => {
    for (let o = 0; o < outputs; o++) {
      const given = row.reduce((sum, value, i) => sum + value * values[i * outputs + o]!, 0);
      const wanted = others[r]!.reduce((sum, value, i) => sum + value * weights[i * outputs + o]!, 0);
      error += (given - wanted) ** 2 / own.length;
    }
  });
  return error;
}

const normal = (count: number, seed: number) => {
  const random = createRandom(seed, 'weights');
  return Float32Array.from({ length: count }, () => random.normal());
};

/** Values of a problem's vectors as the array that they belong to. */
const rowMajor = (values: Float64Array, inputs: number, outputs: number) =>
  Float64Array.from(values, (_, at) => values[(at % outputs) * inputs + Math.floor(at / outputs)]!);

it('aims at the weights themselves where nothing is lost before', () => {
  const weights = normal(24, 1);
  const { own } = pairedRows(8, 100, 1, 0);
  const problem = codeProblem(weights, momentsOf(own, 3))!;
  expect([...rowMajor(problem.target, 8, 3)]).toEqual([...weights]);
});

it('aims at a ridge regression to the original where the layers before have lost something', () => {
  const weights = normal(24, 2);
  const { own, others } = pairedRows(8, 400, 2, 1);
  const moments = momentsOf(own, 3, others);
  const problem = codeProblem(weights, moments)!;
  const meanSquare = moments.products[0]!.reduce((sum, v, at) => sum + (at % 9 === 0 ? v / 8 : 0), 0);
  const target = rowMajor(problem.target, 8, 3);
  const cost = (values: Float64Array) =>
    measuredError(own, values, others, weights) +
    0.5 * meanSquare * values.reduce((sum, value, at) => sum + (value - weights[at]!) ** 2, 0);
  expect(measuredError(own, target, others, weights)).toBeLessThan(
    0.95 * measuredError(own, weights, others, weights),
  );
  for (let at = 0; at < 24; at++) {
    for (const step of [-0.01, 0.01]) {
      const moved = target.map((value, i) => (i === at ? value + step : value));
      expect(cost(moved)).toBeGreaterThan(cost(target));
    }
  }
});

it('rounds to nearest where the inputs have nothing to do with one another', () => {
  const weights = normal(40, 3);
  const identity = Float64Array.from({ length: 100 }, (_, at) => Number(at % 11 === 0));
  const moments = { ...momentsOf([Array<number>(10).fill(1)], 4), products: [identity] };
  const problem = codeProblem(weights, moments)!;
  const levels = wholeSteps(problem, [0.5, 0.4, 0.3, 0.2], 3);
  const { codes } = compensatedCodes(problem, levels);
  const nearest = Uint8Array.from(problem.target, (value, at) => levels.nearest(Math.floor(at / 10), value));
  expect([...codes]).toEqual([...nearest]);
  expect(descend(problem, levels, codesOf(problem, levels, codes))).toBe(0);
});

it('loses less in the outputs than nearest rounding, and descends without losing again', () => {
  const weights = normal(16 * 5, 4);
  const { own } = pairedRows(16, 300, 4, 0);
  const problem = codeProblem(weights, momentsOf(own, 5))!;
  const levels = wholeSteps(problem, Array<number>(5).fill(0.8), 3);
  const nearest = codesOf(
    problem,
    levels,
    Uint8Array.from(problem.target, (value) => levels.nearest(0, value)),
  );
  const total = (errors: Float64Array) => errors.reduce((sum, value) => sum + value, 0);
  const found = compensatedCodes(problem, levels);
  const errorOf = () => measuredError(own, rowMajor(found.values, 16, 5), own, weights);
  const before = measuredError(own, rowMajor(nearest.values, 16, 5), own, weights);
  const compensated = errorOf();
  expect(compensated).toBeLessThan(0.7 * before);
  descend(problem, levels, found);
  expect(errorOf()).toBeLessThanOrEqual(compensated);
  // What is computed from the moments is the measured difference.
  const difference =
    total(outputErrors(problem, levels, nearest)) - total(outputErrors(problem, levels, found));
  expect(difference).toBeCloseTo(before - errorOf(), 8);
  // The running products are what they would be if computed anew.
  codesOf(problem, levels, found.codes).products.forEach((value, at) =>
    expect(found.products[at]).toBeCloseTo(value, 8),
  );
});

it('never leaves an output with more error than nearest rounding, whatever the weights and the inputs', () => {
  const anything = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    size: fc.integer({ min: 1, max: 12 }),
    count: fc.integer({ min: 1, max: 40 }),
    noise: fc.constantFrom(0, 0.5, 3),
    limit: fc.constantFrom(1, 3, 7),
    steps: fc.array(fc.double({ min: 0.05, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(anything, ({ seed, size, count, noise, limit, steps }) => {
      const weights = normal(size * 3, seed);
      const { own, others } = pairedRows(size, count, seed, noise);
      const problem = codeProblem(weights, momentsOf(own, 3, others))!;
      const levels = wholeSteps(problem, steps, limit);
      const found = compensatedCodes(problem, levels);
      descend(problem, levels, found);
      const nearest = Uint8Array.from(weights, (value, at) => levels.nearest(at % 3, value));
      const { codes } = betterCodes(problem, { codes: found, levels }, { codes: nearest, levels });
      const errorOf = (chosen: Uint8Array, output: number) => {
        const only = (values: ArrayLike<number>) =>
          Float64Array.from(values, (value, at) => (at % 3 === output ? value : 0));
        const values = Float64Array.from(chosen, (code, at) => levels.valueOf(at % 3, code));
        return measuredError(own, only(values), others, Float32Array.from(only(weights)));
      };
      for (let output = 0; output < 3; output++)
        expect(errorOf(codes, output)).toBeLessThanOrEqual(errorOf(nearest, output) * (1 + 1e-9) + 1e-9);
    }),
  );
});

it('finds every weight that is on the grid already, without an error', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 24, maxLength: 24 }), (steps) => {
      const weights = Float32Array.from(steps, (step) => step * 0.25);
      const { own } = pairedRows(8, 50, 5, 0);
      const problem = codeProblem(weights, momentsOf(own, 3))!;
      const levels = wholeSteps(problem, [0.25, 0.25, 0.25], 3);
      const found = compensatedCodes(problem, levels);
      descend(problem, levels, found);
      expect([...rowMajor(found.values, 8, 3)].map((value) => value + 0)).toEqual(
        [...weights].map((value) => value + 0),
      );
    }),
  );
});

it('keeps exact zeros, and lets the other weights of the column make up for what is lost with them', () => {
  const weights = normal(16 * 2, 6).map((value, at) => (at % 3 === 0 ? 0 : value));
  const { own, others } = pairedRows(16, 300, 6, 0.7);
  const problem = codeProblem(weights, momentsOf(own, 2, others))!;
  const levels = wholeSteps(problem, [0.5, 0.5], 7);
  const found = compensatedCodes(problem, levels);
  descend(problem, levels, found);
  const values = rowMajor(found.values, 16, 2);
  weights.forEach((weight, at) => weight === 0 && expect(values[at]).toBe(0));
  expect(values.filter((value) => value !== 0).length).toBeGreaterThan(10);
});

it('gives scales and values of codes that no others beat', () => {
  const weights = normal(16 * 3, 7);
  const { own } = pairedRows(16, 200, 7, 0);
  const problem = codeProblem(weights, momentsOf(own, 3))!;
  const levels = wholeSteps(problem, [0.9, 0.9, 0.9], 3);
  const found = compensatedCodes(problem, levels);
  const errorAt = (factors: ArrayLike<number>) =>
    measuredError(
      own,
      rowMajor(
        found.values.map((value, at) => value * factors[Math.floor(at / 16)]!),
        16,
        3,
      ),
      own,
      weights,
    );
  const best = errorAt(bestFactors(problem, levels, found));
  expect(best).toBeLessThan(errorAt([1, 1, 1]));
  const one = { ...levels, groups: new Uint32Array(3) };
  const values = bestValues(
    problem,
    one,
    found,
    0,
    Float64Array.from({ length: 7 }, (_, i) => 0.9 * (i - 3)),
  )!;
  const withValues = (chosen: ArrayLike<number>) =>
    measuredError(
      own,
      rowMajor(
        Float64Array.from(found.codes, (code) => chosen[code]!),
        16,
        3,
      ),
      own,
      weights,
    );
  expect(values[3]).toBe(0);
  // The ridge on the moments may cost a little.
  expect(withValues(values)).toBeLessThan(1.02 * errorAt([1, 1, 1]));
  for (const code of [0, 1, 2, 4, 5, 6]) {
    const moved = values.map((value, i) => (i === code ? value + 0.05 : value));
    expect(withValues(moved)).toBeGreaterThan(0.99 * withValues(values));
  }
});

it('solves each channel of a depthwise kernel by itself', () => {
  // Taps 4, channels 3, multiplier 2.
  const weights = normal(4 * 3 * 2, 8);
  const rows = [0, 1, 2].map((channel) => pairedRows(4, 100, 9 + channel, 0).own);
  const layout = { matrices: 3, inputs: 4, outputs: 2, matrixStride: 2, inputStride: 6 };
  const problem = codeProblem(weights, { ...layout, products: rows.map((own) => average(own, own)) })!;
  expect([...columnGroups(problem, [2, 2, 3, 2], 2)]).toEqual([0, 0, 1, 1, 2, 2]);
  const levels = {
    ...wholeSteps(problem, Array<number>(3).fill(0.5), 3),
    groups: columnGroups(problem, [2, 2, 3, 2], 2),
  };
  const stored = storedCodes(problem, compensatedCodes(problem, levels).codes);
  expect(orderedCodes(problem, stored)).toEqual(compensatedCodes(problem, levels).codes);
  rows.forEach((own, channel) => {
    const alone = Float32Array.from(
      { length: 8 },
      (_, at) => weights[Math.floor(at / 2) * 6 + channel * 2 + (at % 2)]!,
    );
    const single = codeProblem(alone, momentsOf(own, 2))!;
    const found = compensatedCodes(single, wholeSteps(single, [0.5, 0.5], 3));
    storedCodes(single, found.codes).forEach((code, at) =>
      expect(stored[Math.floor(at / 2) * 6 + channel * 2 + (at % 2)]).toBe(code),
    );
  });
});

it('takes inputs that are always zero, and gives up on moments that are not finite', () => {
  const weights = normal(8, 10);
  const dead = { ...momentsOf([[1, 1, 1, 1]], 2), products: [new Float64Array(16)] };
  const problem = codeProblem(weights, dead)!;
  const levels = wholeSteps(problem, [0.5, 0.5], 3);
  const { codes } = compensatedCodes(problem, levels);
  expect([...codes]).toEqual([...problem.target].map((value) => levels.nearest(0, value)));
  expect(codeProblem(weights, { ...dead, products: [new Float64Array(16).fill(NaN)] })).toBeUndefined();
});
