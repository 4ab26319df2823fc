import { createRandom } from '@tersor/core';
import { choleskyInPlace, solveCholesky, type KernelReader } from '@tersor/network';
import type { LayerInputs } from './refit/input-moments.js';
import { sliceErrors, sliceNorms } from './slice-scores.js';

const [TAPS, CHANNELS, OUTPUTS] = [2, 3, 2];
const SIZE = TAPS * CHANNELS;
const SLICES = CHANNELS * OUTPUTS;

function layerInputs(): LayerInputs {
  const random = createRandom(4);
  const rows = Array.from({ length: 40 }, () => {
    let value = 0;
    return Array.from({ length: SIZE }, () => (value = 0.8 * value + random.normal()));
  });
  const products = new Float64Array(SIZE * SIZE);
  for (const row of rows)
    row.forEach((left, i) => row.forEach((right, j) => (products[i * SIZE + j]! += (left * right) / 40)));
  const data = Float32Array.from({ length: TAPS * SLICES }, () => random.normal());
  const weights = [{ name: 'kernel', shape: [TAPS, 1, CHANNELS, OUTPUTS], data, trainable: true }];
  const reader = {
    layer: { name: 'a', className: 'Conv2D', config: {}, weights },
    kernels: [{ weight: 'kernel', how: 'mixes' }],
    taps: TAPS,
    channels: CHANNELS,
    calls: [1],
  } satisfies KernelReader;
  const mean = Float64Array.of(1, 2, 3, 3, 4, 5);
  const layout = { matrices: 1, inputs: SIZE, outputs: OUTPUTS, matrixStride: 0, inputStride: OUTPUTS };
  return { reader, mean, originalMean: mean, moments: { ...layout, products: [products] } };
}

const inputs = layerInputs();
const kernel = inputs.reader.layer.weights[0]!.data;
const products = inputs.moments!.products[0]!;

test('a norm is over the kernel positions of a slice; means are those of the channels', () => {
  const { slices, inputMeans } = sliceNorms(inputs);
  expect(slices[3]).toBeCloseTo(Math.hypot(kernel[3]!, kernel[SLICES + 3]!), 9);
  expect([...inputMeans]).toEqual([2, 3, 4]);
});

test('an error is what the least squares without the slice leaves', () => {
  const { slices } = sliceErrors(inputs, 1e-12);
  for (let slice = 0; slice < SLICES; slice++) {
    const [channel, output] = [Math.floor(slice / OUTPUTS), slice % OUTPUTS];
    const kept = Array.from({ length: SIZE }, (_, row) => row).filter((row) => row % CHANNELS !== channel);
    const weight = (row: number) => kernel[row * OUTPUTS + output]!;
    const target = Float64Array.from({ length: SIZE }, (_, row) => {
      let sum = 0;
      for (let k = 0; k < SIZE; k++) sum += products[row * SIZE + k]! * weight(k);
      return sum;
    });
    const matrix = Float64Array.from(kept.flatMap((i) => kept.map((j) => products[i * SIZE + j]!)));
    const solution = Float64Array.from(kept, (row) => target[row]!);
    expect(choleskyInPlace(matrix, kept.length)).toBe(true);
    solveCholesky(matrix, kept.length, solution, 1);
    let error = 0;
    for (let row = 0; row < SIZE; row++) error += weight(row) * target[row]!;
    kept.forEach((row, k) => (error -= solution[k]! * target[row]!));
    expect(slices[slice]).toBeCloseTo(error, 6);
  }
});
