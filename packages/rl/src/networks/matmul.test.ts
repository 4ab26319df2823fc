import { product, transposedProduct } from './matmul.js';
import { createRandom, transposed } from '@tersor/core';

const random = createRandom(1, 'matmul');
const draw = (length: number) => Float32Array.from({ length }, () => random.normal());

/** The definition, summed in double precision. */
function reference(a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += a[Math.floor(at / columns) * inner + k]! * b[k * columns + (at % columns)]!;
    return sum;
  });
}

const SHAPES = [
  [1, 1, 1],
  [1, 7, 3],
  [4, 1, 8],
  [5, 3, 9],
  [64, 300, 300],
  [3, 301, 17],
  [300, 64, 1],
  [2, 11, 300],
] as const;

it.each(SHAPES)('multiplies %i x %i by %i columns', (rows, inner, columns) => {
  const [a, b] = [draw(rows * inner), draw(inner * columns)];
  const expected = reference(a, b, rows, inner, columns);
  const largest = (values: Float32Array) =>
    Math.max(...values.map((value, i) => Math.abs(value - expected[i]!)));
  const plain = product(a, b, rows, inner, columns);
  expect(plain).toHaveLength(rows * columns);
  expect(largest(plain)).toBeLessThan(1e-5 * inner);
  expect(largest(transposedProduct(transposed(a, rows, inner), b, rows, inner, columns))).toBeLessThan(
    1e-5 * inner,
  );
});

it('is not disturbed by what an earlier product left behind, infinite values included', () => {
  product(new Float32Array(4096).fill(Infinity), new Float32Array(4096).fill(NaN), 64, 64, 64);
  expect([...product(Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6), 1, 3, 1)]).toEqual([32]);
});

it('gives the same bits each time', () => {
  const [a, b] = [draw(64 * 37), draw(37 * 50)];
  expect(product(a, b, 64, 37, 50)).toEqual(product(a, b, 64, 37, 50));
});
