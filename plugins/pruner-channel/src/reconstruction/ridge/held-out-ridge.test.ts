import { createRandom } from '@tersor/core';
import { prepareMoments, refit } from '../refit.js';
import { heldOutRidge, type Reader, type RowSums } from './held-out-ridge.js';

const CHANNELS = 24;
const OUTPUTS = 4;

/** Inputs that are mixes of six sources, with some noise of their own. */
function rowsOf(count: number, noise: number, seed: number): Float32Array[] {
  const mixing = createRandom(1, 'mixing');
  const mix = Array.from({ length: CHANNELS }, () => Array.from({ length: 6 }, () => mixing.normal()));
  const random = createRandom(seed, 'rows');
  return Array.from({ length: count }, () => {
    const sources = mix[0]!.map(() => random.normal());
    return Float32Array.from(
      mix,
      (weights) =>
        1 + weights.reduce((sum, weight, k) => sum + weight * sources[k]!, 0) + noise * random.normal(),
    );
  });
}

function sumsOf(rows: readonly Float32Array[]): RowSums {
  const sums = new Float64Array(CHANNELS);
  const products = new Float64Array(CHANNELS * CHANNELS);
  for (const row of rows)
    row.forEach((value, i) => {
      sums[i] = sums[i]! + value;
      row.forEach((other, j) => (products[i * CHANNELS + j]! += value * other));
    });
  return { rows: rows.length, sums, products };
}

const random = createRandom(2, 'kernel');
const kernel = Float32Array.from({ length: CHANNELS * OUTPUTS }, () => random.normal());
const READER: Reader = { channels: CHANNELS, kernels: [kernel], outputs: OUTPUTS, centered: true };

const ridgeOf = (rows: readonly Float32Array[], reader: Reader = READER) =>
  heldOutRidge(sumsOf(rows), sumsOf(rows.slice(0, rows.length / 2)), reader);

/** What the outputs lose on rows that nothing was fitted to, without every second channel. */
function lossOf(rows: readonly Float32Array[], ridge: number): number {
  const { sums, products } = sumsOf(rows);
  const removed = Array.from({ length: CHANNELS / 2 }, (_, i) => 2 * i + 1);
  const { delta, offset } = refit(
    prepareMoments(sums, products, rows.length, true, ridge),
    kernel,
    OUTPUTS,
    removed,
  );
  let loss = 0;
  for (const row of rowsOf(2000, 2, 99))
    for (let output = 0; output < OUTPUTS; output++) {
      let error = offset[output]!;
      row.forEach((value, input) => {
        const isGone = input % 2 === 1;
        error +=
          value * (isGone ? -kernel[input * OUTPUTS + output]! : delta[(input / 2) * OUTPUTS + output]!);
      });
      loss += error ** 2;
    }
  return loss;
}

describe('the ridge that held-out images give', () => {
  it('is the smallest where there are many images, however alike the inputs are', () => {
    expect(ridgeOf(rowsOf(4000, 0.1, 3))).toBe(1e-3);
  });

  it('is large where images are few, and then loses less on images that it has not seen', () => {
    const few = rowsOf(30, 2, 4);
    const ridge = ridgeOf(few);
    expect(ridge).toBeGreaterThanOrEqual(0.03);
    expect(lossOf(few, ridge)).toBeLessThan(0.8 * lossOf(few, 1e-3));
  });

  it('does not depend on how many outputs read the inputs, only on what they read', () => {
    // Ten times the same kernel: more columns than inputs go, so that their products are factorized.
    const few = rowsOf(30, 2, 4);
    const many = { ...READER, kernels: Array.from({ length: 10 }, () => kernel) };
    expect(ridgeOf(few, many)).toBe(ridgeOf(few));
  });

  it('is the smallest where there is nothing to hold out, or nothing to take away', () => {
    const rows = rowsOf(30, 2, 4);
    expect(heldOutRidge(sumsOf(rows), sumsOf([]), READER)).toBe(1e-3);
    expect(ridgeOf(rows, { ...READER, channels: 1 })).toBe(1e-3);
  });
});
