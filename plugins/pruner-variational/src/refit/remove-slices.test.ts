import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '@tersor/core';
import { choleskyInPlace, solveCholesky, type KernelReader } from '@tersor/network';
import type { LayerInputs } from './input-moments.js';
import { removeSlices } from './remove-slices.js';

beforeAll(() => tf.setBackend('cpu'));

const [TAPS, CHANNELS, OUTPUTS] = [2, 4, 3];
const SIZE = TAPS * CHANNELS;
const SLICES = CHANNELS * OUTPUTS;

/**
 * A layer, and the moments of its inputs: of whole rows, or of channels alone.
 * @param row a row of inputs
 */
function layerInputs(
  row: (normal: () => number) => number[],
  { data, isWhole = true }: { data?: Float32Array; isWhole?: boolean } = {},
): LayerInputs {
  const random = createRandom(4);
  const rows = Array.from({ length: 60 }, () => row(() => random.normal()));
  const inputs = isWhole ? SIZE : CHANNELS;
  const products = new Float64Array(inputs * inputs);
  const count = (rows.length * SIZE) / inputs;
  for (const values of rows)
    for (let from = 0; from < SIZE; from += inputs)
      for (let i = 0; i < inputs; i++)
        for (let j = 0; j < inputs; j++)
          products[i * inputs + j]! += (values[from + i]! * values[from + j]!) / count;
  const kernel = data ?? Float32Array.from({ length: TAPS * SLICES }, () => random.normal());
  const weights = [{ name: 'kernel', shape: [TAPS, 1, CHANNELS, OUTPUTS], data: kernel, trainable: true }];
  const reader = {
    layer: { name: 'a', className: 'Conv2D', config: {}, weights },
    kernels: [{ weight: 'kernel', how: 'mixes' }],
    taps: TAPS,
    channels: CHANNELS,
    groups: 1,
    calls: [1],
  } satisfies KernelReader;
  const mean = new Float64Array(SIZE);
  const layout = {
    matrices: isWhole ? 1 : TAPS,
    inputs,
    outputs: OUTPUTS,
    matrixStride: isWhole ? 0 : SLICES,
    inputStride: OUTPUTS,
  };
  return { reader, mean, originalMean: mean, moments: { ...layout, products: [products] } };
}

/** Inputs that depend on one another. */
const related = (normal: () => number) => {
  let value = 0;
  return Array.from({ length: SIZE }, () => (value = 0.8 * value + normal()));
};

/** By how much the squared error of an output rises when a slice is the only one that goes. */
function errorWithout({ reader, moments }: LayerInputs, slice: number): number {
  const [kernel, products] = [reader.layer.weights[0]!.data, moments!.products[0]!];
  const [channel, output] = [Math.floor(slice / OUTPUTS), slice % OUTPUTS];
  const weight = (row: number) => kernel[row * OUTPUTS + output]!;
  const rows = Array.from({ length: SIZE }, (_, row) => row);
  const kept = rows.filter((row) => row % CHANNELS !== channel);
  const target = rows.map((row) => rows.reduce((sum, k) => sum + products[row * SIZE + k]! * weight(k), 0));
  const matrix = Float64Array.from(kept.flatMap((i) => kept.map((j) => products[i * SIZE + j]!)));
  const solution = Float64Array.from(kept, (row) => target[row]!);
  expect(choleskyInPlace(matrix, kept.length)).toBe(true);
  solveCholesky(matrix, kept.length, solution, 1);
  const whole = rows.reduce((sum, row) => sum + weight(row) * target[row]!, 0);
  return kept.reduce((rest, row, k) => rest - solution[k]! * target[row]!, whole);
}

function varianceOf({ reader, moments }: LayerInputs): number {
  const [kernel, products] = [reader.layer.weights[0]!.data, moments!.products[0]!];
  let sum = 0;
  for (let i = 0; i < SIZE; i++)
    for (let j = 0; j < SIZE; j++)
      for (let o = 0; o < OUTPUTS; o++)
        sum += products[i * SIZE + j]! * kernel[i * OUTPUTS + o]! * kernel[j * OUTPUTS + o]!;
  return sum;
}

test('the error of the first round is what least squares without its slices leaves', async () => {
  // A fifth of twelve slices: two go, of different outputs here, so that their errors add up.
  const inputs = layerInputs(related);
  const { ranks, curve } = (await removeSlices(inputs, 1e-9))!;
  const first = Array.from(ranks.keys()).filter((slice) => ranks[slice]! < 1);
  expect(first).toHaveLength(2);
  expect(new Set(first.map((slice) => slice % OUTPUTS)).size).toBe(2);
  const expected = first.reduce((sum, slice) => sum + errorWithout(inputs, slice), 0) / varianceOf(inputs);
  expect(curve[1]!.share).toBeCloseTo(10 / 12, 9);
  expect(curve[1]!.error).toBeCloseTo(expected, 5);
});

test('shares fall and errors never do; all slices have a place of their own', async () => {
  const { ranks, curve } = (await removeSlices(layerInputs(related), 1e-3))!;
  expect(curve[0]).toEqual({ share: 1, error: 0 });
  for (const [i, { share, error }] of curve.slice(1).entries()) {
    expect(share).toBeLessThan(curve[i]!.share);
    expect(error).toBeGreaterThanOrEqual(curve[i]!.error);
    expect(error).toBeLessThanOrEqual(1);
  }
  expect(new Set(ranks).size).toBe(SLICES);
});

test('slices that others can stand in for go first, and cost nothing', async () => {
  // Channels 2 and 3 repeat channel 0: two of these three are not needed, whichever, for any output.
  const random = createRandom(6);
  const data = Float32Array.from(
    { length: TAPS * SLICES },
    (_, at) => random.uniform() + (Math.floor((at % SLICES) / OUTPUTS) === 1 ? 3 : 0.5),
  );
  const inputs = layerInputs(
    (normal) =>
      Array.from({ length: TAPS }, () => [normal(), normal()]).flatMap(([a, b]) => [a!, b!, a!, a!]),
    { data },
  );
  const { curve } = (await removeSlices(inputs, 1e-6))!;
  const half = curve.filter(({ share }) => share >= 0.5).at(-1)!;
  expect(half.share).toBeLessThan(0.6);
  expect(half.error).toBeLessThan(1e-3);
});

test('slices of zero weights go before all others', async () => {
  const random = createRandom(9);
  const dead = new Set([1, 5, 6]);
  const data = Float32Array.from({ length: TAPS * SLICES }, (_, at) =>
    dead.has(at % SLICES) ? 0 : 1 + random.uniform(),
  );
  const { ranks } = (await removeSlices(layerInputs(related, { data }), 1e-3))!;
  const order = Array.from(ranks.keys()).sort((a, b) => ranks[a]! - ranks[b]!);
  // The first round has room for two of them.
  order.slice(0, 2).forEach((slice) => expect(dead.has(slice)).toBe(true));
});

test('with moments of channels alone, kernel positions are problems of their own', async () => {
  // The first kernel position alone decides what slices of the same channel are worth.
  const data = new Float32Array(TAPS * SLICES);
  for (let slice = 0; slice < SLICES; slice++) data[slice] = 1 + slice;
  const independent = (normal: () => number) => Array.from({ length: SIZE }, () => normal());
  const { ranks, curve } = (await removeSlices(layerInputs(independent, { data, isWhole: false }), 1e-3))!;
  const order = Array.from(ranks.keys()).sort((a, b) => ranks[a]! - ranks[b]!);
  expect(order.slice(0, 4)).toEqual([0, 1, 2, 3]);
  expect(curve.at(-1)!.error).toBeGreaterThan(0.5);
});

test('nothing without moments; no tensors stay', async () => {
  const { moments: _, ...without } = layerInputs(related);
  expect(await removeSlices(without, 1e-3)).toBeUndefined();
  const before = tf.memory().numTensors;
  await removeSlices(layerInputs(related), 1e-3);
  expect(tf.memory().numTensors).toBe(before);
});
