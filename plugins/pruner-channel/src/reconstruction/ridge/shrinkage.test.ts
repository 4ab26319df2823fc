import { createRandom } from '@tersor/core';
import { addBatch, shrinkageRidge, type BatchSpread } from './shrinkage.js';

const SIZE = 12;

/**
 * Batches of rows whose inputs have the given standard deviations, all rows of a batch alike if asked for.
 */
function gather(batches: number, rows: number, deviations: readonly number[], alike = false, mean = 0) {
  const random = createRandom(1, 'rows');
  let spread: BatchSpread = { batches: 0, squares: 0 };
  const moments = new Float64Array(SIZE * SIZE);
  for (let batch = 0; batch < batches; batch++) {
    const sums = new Float32Array(SIZE);
    const products = new Float32Array(SIZE * SIZE);
    let row = deviations.map((deviation) => mean + deviation * random.normal());
    for (let r = 0; r < rows; r++) {
      if (!alike) row = deviations.map((deviation) => mean + deviation * random.normal());
      row.forEach((x, i) => {
        sums[i] = sums[i]! + x;
        row.forEach((y, j) => (products[i * SIZE + j] = products[i * SIZE + j]! + x * y));
      });
    }
    spread = addBatch(spread, sums, products, rows, mean !== 0);
    // The true mean is known here, so the moments about it are those of rows without one.
    products.forEach((value, at) => {
      const [i, j] = [Math.floor(at / SIZE), at % SIZE];
      const about = mean * (sums[i]! + sums[j]!) - rows * mean ** 2;
      moments[at] = moments[at]! + (value - about) / (batches * rows);
    });
  }
  return shrinkageRidge(spread, moments, SIZE, batches * rows);
}

const uneven = Array.from({ length: SIZE }, (_, i) => (i < 2 ? 4 : 0.3));

describe('the ridge of sampled moments', () => {
  it('shrinks with more images', () => {
    const few = gather(8, 5, uneven);
    const many = gather(200, 5, uneven);
    expect(few).toBeGreaterThan(0.02);
    expect(many).toBeLessThan(few / 5);
  });

  it('is larger when the positions of an image repeat each other: it is images that count', () => {
    const different = gather(20, 16, uneven);
    expect(gather(20, 16, uneven, true)).toBeGreaterThan(4 * different);
  });

  it('is large where all inputs vary alike, since there is nothing to tell apart', () => {
    expect(gather(20, 16, Array<number>(SIZE).fill(1))).toBeGreaterThan(2);
  });

  it('is that of the variations, whatever the mean', () => {
    const without = gather(40, 50, uneven);
    const shifted = gather(40, 50, uneven, false, 3);
    expect(shifted).toBeGreaterThan(0.5 * without);
    expect(shifted).toBeLessThan(2 * without);
  });

  it('is a thousandth where there is one batch only', () => {
    expect(gather(1, 25, uneven)).toBe(1e-3);
  });
});
