import { createRandom } from '@tersor/core';
import { outputError } from './output-error.js';

const random = createRandom(3);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

/** Rows of inputs, and their second moments. */
function rowsOf(count: number, inputs: number) {
  const rows = normals(count * inputs);
  // The second input is nearly the first.
  for (let r = 0; r < count; r++) rows[r * inputs + 1] = rows[r * inputs]! + 0.1 * rows[r * inputs + 1]!;
  const products = new Float64Array(inputs * inputs);
  for (let r = 0; r < count; r++)
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < inputs; j++)
        products[i * inputs + j] =
          products[i * inputs + j]! + (rows[r * inputs + i]! * rows[r * inputs + j]!) / count;
  return { rows, products };
}

describe('the error of the outputs', () => {
  it('is the mean square of their change over that of the outputs', () => {
    const [inputs, outputs, count] = [4, 3, 50];
    const { rows, products } = rowsOf(count, inputs);
    const kernel = normals(inputs * outputs);
    const other = kernel.map((value) => value + 0.2 * random.normal());
    const put = (weights: Float32Array, r: number, o: number) =>
      Array.from({ length: inputs }, (_, i) => rows[r * inputs + i]! * weights[i * outputs + o]!).reduce(
        (sum, value) => sum + value,
        0,
      );
    let [changed, whole] = [0, 0];
    for (let r = 0; r < count; r++)
      for (let o = 0; o < outputs; o++) {
        changed += (put(other, r, o) - put(kernel, r, o)) ** 2;
        whole += put(kernel, r, o) ** 2;
      }
    const shape = { matrices: 1, inputs, outputs, matrixStride: 0, inputStride: outputs };
    expect(outputError({ ...shape, products: [products] }, kernel, other)).toBeCloseTo(changed / whole, 5);
  });

  it('takes each channel of a depthwise kernel with its own moments', () => {
    // Two positions of two channels, (position, channel); the second channel reads inputs ten times as large.
    const moments = { matrices: 2, inputs: 2, outputs: 1, matrixStride: 1, inputStride: 2 };
    const products = [Float64Array.of(1, 0, 0, 1), Float64Array.of(100, 0, 0, 100)];
    const kernel = Float32Array.of(1, 1, 1, 1);
    const first = outputError({ ...moments, products }, kernel, Float32Array.of(0, 1, 1, 1));
    const second = outputError({ ...moments, products }, kernel, Float32Array.of(1, 0, 1, 1));
    expect(first).toBeCloseTo(1 / 202, 6);
    expect(second).toBeCloseTo(100 / 202, 6);
  });

  it('is nothing for the same kernel, and for a layer that puts out nothing', () => {
    const moments = { matrices: 1, inputs: 1, outputs: 1, matrixStride: 0, inputStride: 1 };
    expect(
      outputError({ ...moments, products: [Float64Array.of(2)] }, Float32Array.of(3), Float32Array.of(3)),
    ).toBe(0);
    expect(
      outputError({ ...moments, products: [Float64Array.of(0)] }, Float32Array.of(3), Float32Array.of(1)),
    ).toBe(0);
  });
});
