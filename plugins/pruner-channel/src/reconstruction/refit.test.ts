import { createRandom } from '@tersor/core';
import { choleskyInPlace, invertPositiveDefinite, solveCholesky } from './cholesky.js';
import { prepareMoments, refit, type InputMoments } from './refit.js';

const ROWS = 400;

/** Correlated rows: every input is a mix of a few hidden sources, a little noise, and a mean. */
function correlatedRows(size: number, seed: number, noise: number): number[][] {
  const random = createRandom(seed);
  const mix = Array.from({ length: size }, () => Array.from({ length: 3 }, () => random.normal()));
  return Array.from({ length: ROWS }, () => {
    const sources = [random.normal(), random.normal(), random.normal()];
    return mix.map(
      (weights, i) =>
        weights.reduce((sum, weight, k) => sum + weight * sources[k]!, 0) + noise * random.normal() + (i % 3),
    );
  });
}

function momentsOf(rows: number[][], centered: boolean, ridge: number): InputMoments {
  const size = rows[0]!.length;
  const sums = new Float64Array(size);
  const products = new Float64Array(size * size);
  for (const row of rows) {
    row.forEach((value, i) => {
      sums[i]! += value;
      row.forEach((other, j) => (products[i * size + j]! += value * other));
    });
  }
  return prepareMoments(sums, products, rows.length, centered, ridge);
}

/** Mean squared error of the layer with refit weights. */
function errorOf(
  rows: number[][],
  kernel: Float32Array,
  outputs: number,
  removed: readonly number[],
  delta: Float64Array,
  offset: Float64Array,
): number {
  const kept = rows[0]!.map((_, i) => i).filter((i) => !removed.includes(i));
  let error = 0;
  for (const row of rows) {
    for (let o = 0; o < outputs; o++) {
      const before = row.reduce((sum, value, i) => sum + value * kernel[i * outputs + o]!, 0);
      const after = kept.reduce(
        (sum, i, k) => sum + row[i]! * (kernel[i * outputs + o]! + delta[k * outputs + o]!),
        offset[o]!,
      );
      error += (before - after) ** 2 / rows.length / outputs;
    }
  }
  return error;
}

const kernelOf = (size: number, outputs: number) => {
  const random = createRandom(7);
  return Float32Array.from({ length: size * outputs }, () => random.normal());
};

test('a Cholesky factor and a solution that can be checked by hand', () => {
  const a = Float64Array.of(4, 0, 0, 2, 10, 0, 4, 5, 9);
  expect(choleskyInPlace(a, 3)).toBe(true);
  // L = [2 0 0; 1 3 0; 2 1 2]
  expect([a[0], a[3], a[4], a[6], a[7], a[8]]).toEqual([2, 1, 3, 2, 1, 2]);
  const b = Float64Array.of(4 + 2 + 4, 2 + 10 + 5, 4 + 5 + 9);
  solveCholesky(a, 3, b, 1);
  b.forEach((value) => expect(value).toBeCloseTo(1, 12));
  expect(choleskyInPlace(Float64Array.of(1, 0, 2, 1), 2)).toBe(false);
});

test('an inverse times its matrix is the identity', () => {
  const { moments, inverse, size } = momentsOf(correlatedRows(9, 3, 0.5), true, 1e-6);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += moments[i * size + k]! * inverse[k * size + j]!;
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 6);
    }
  }
  expect(invertPositiveDefinite(Float64Array.of(0), 1)).toBeUndefined();
});

test('inputs that others determine can be removed without a loss', () => {
  // Ten inputs of three sources and a constant: four of them, and an offset, say it all.
  const rows = correlatedRows(10, 1, 0);
  const removed = [0, 2, 3, 5, 7, 9];
  const { delta, offset } = refit(momentsOf(rows, true, 1e-10), kernelOf(10, 4), 4, removed);
  expect(errorOf(rows, kernelOf(10, 4), 4, removed, delta, offset)).toBeLessThan(1e-6);
});

test.each([[[1]], [[0, 4, 5]], [[0, 1, 2, 3, 4, 6]]])(
  'the refit is a minimum when %j are removed: no small change of it lowers the error',
  (removed) => {
    const rows = correlatedRows(8, 2, 0.4);
    const kernel = kernelOf(8, 3);
    const { delta, offset } = refit(momentsOf(rows, true, 1e-12), kernel, 3, removed);
    const least = errorOf(rows, kernel, 3, removed, delta, offset);
    expect(least).toBeLessThan(
      errorOf(rows, kernel, 3, removed, new Float64Array(delta.length), new Float64Array(3)),
    );
    for (const values of [delta, offset]) {
      for (let i = 0; i < values.length; i++) {
        for (const step of [-0.01, 0.01]) {
          const moved = values.map((value, k) => value + (k === i ? step : 0));
          expect(
            errorOf(
              rows,
              kernel,
              3,
              removed,
              values === delta ? moved : delta,
              values === offset ? moved : offset,
            ),
          ).toBeGreaterThan(least);
        }
      }
    }
  },
);

test('both forms of the solution agree', () => {
  const moments = momentsOf(correlatedRows(9, 4, 0.3), false, 1e-3);
  const kernel = kernelOf(9, 2);
  // Four of nine removed solves by the inverse; the same through the plain normal equations, for comparison.
  const removed = [1, 3, 4, 8];
  const kept = [0, 2, 5, 6, 7];
  const { delta } = refit(moments, kernel, 2, removed);
  kept.forEach((row) => {
    for (let o = 0; o < 2; o++) {
      const left = kept.reduce(
        (sum, other, k) => sum + moments.moments[row * 9 + other]! * delta[k * 2 + o]!,
        0,
      );
      const right = removed.reduce(
        (sum, other) => sum + moments.moments[row * 9 + other]! * kernel[other * 2 + o]!,
        0,
      );
      expect(left).toBeCloseTo(right, 8);
    }
  });
});

test('with nothing removed nothing changes', () => {
  const { delta, offset } = refit(momentsOf(correlatedRows(6, 5, 0.1), true, 0.1), kernelOf(6, 2), 2, []);
  expect([...delta, ...offset].every((value) => value === 0)).toBe(true);
});

test('inputs that never vary do not spoil the system', () => {
  const rows = correlatedRows(6, 6, 0.2).map((row) => row.map((value, i) => (i < 3 ? 0 : value)));
  const { delta } = refit(momentsOf(rows, false, 1e-3), kernelOf(6, 2), 2, [0, 3]);
  expect(delta.every(Number.isFinite)).toBe(true);
});

test('inputs that nothing else determines cannot be stood in for: only their mean is kept, also among 1152', () => {
  const size = 1152;
  const outputs = 4;
  const random = createRandom(8);
  const products = new Float64Array(size * size);
  for (let i = 0; i < size; i++) products[i * size + i] = 1 + random.uniform();
  const mean = Float64Array.from({ length: size }, () => random.normal());
  const moments: InputMoments = {
    size,
    mean,
    moments: products,
    inverse: products.map((value) => (value > 0 ? 1 / value : 0)),
    centered: true,
  };
  const kernel = kernelOf(size, outputs);
  const removed = Array.from({ length: size / 2 }, (_, i) => 2 * i);
  const { delta, offset } = refit(moments, kernel, outputs, removed);
  expect(delta.every((value) => value === 0)).toBe(true);
  offset.forEach((value, k) => {
    const lost = removed.reduce((sum, input) => sum + mean[input]! * kernel[input * outputs + k]!, 0);
    expect(value).toBeCloseTo(lost, 9);
  });
});

test.each([
  ['NaN', NaN],
  ['infinite', Infinity],
])(
  'moments that are %s end in an error that names the layer, instead of waiting for a positive pivot for ever',
  (_, value) => {
    const products = Float64Array.of(4, value, value, 4);
    const diagonal = Float64Array.of(value, 0, 0, 1);
    for (const broken of [products, diagonal]) {
      expect(() => prepareMoments(Float64Array.of(1, 1), broken, 4, true, 1e-3, 'layer "conv_2"')).toThrow(
        expect.objectContaining({
          code: 'OUTPUTS_NOT_FINITE',
          message: expect.stringContaining('layer "conv_2"'),
        }),
      );
    }
  },
);

test('inputs with a large mean that hardly vary are prepared, though rounding makes their variance negative', () => {
  const mean = 1000;
  // Second moments as a float32 product gives them: a little below the square of the mean.
  const products = Float64Array.of(1, 1, 1, 1).map((value) => 8 * (value * mean * mean - 0.06));
  const { inverse, moments } = prepareMoments(Float64Array.of(8 * mean, 8 * mean), products, 8, true, 1e-3);
  expect([...inverse].every(Number.isFinite)).toBe(true);
  expect(moments[0]! * inverse[0]! + moments[1]! * inverse[2]!).toBeCloseTo(1, 6);
});
