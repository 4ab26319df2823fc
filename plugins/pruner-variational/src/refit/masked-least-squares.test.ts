import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '@tersor/core';
import { choleskyInPlace, solveCholesky } from '@tersor/network';
import { maskedLeastSquares } from './masked-least-squares.js';

beforeAll(() => tf.setBackend('cpu'));

/** Moments and targets of inputs that depend on one another. */
function problemOf(seed: number, kept: number, outputs: number, density: number) {
  const random = createRandom(seed);
  const rows = Array.from({ length: 5 * kept }, () => {
    let value = 0;
    return Array.from({ length: kept }, () => (value = 0.6 * value + random.normal()));
  });
  const weights = Float64Array.from({ length: kept * outputs }, () => random.normal());
  const moments = new Float64Array(kept * kept);
  for (const row of rows)
    for (let i = 0; i < kept; i++)
      for (let j = 0; j < kept; j++) moments[i * kept + j]! += (row[i]! * row[j]!) / rows.length;
  const target = new Float64Array(kept * outputs);
  for (let i = 0; i < kept; i++)
    for (let k = 0; k < kept; k++)
      for (let o = 0; o < outputs; o++)
        target[i * outputs + o]! += moments[i * kept + k]! * weights[k * outputs + o]!;
  const mask = Float32Array.from({ length: kept * outputs }, () => Number(random.uniform() < density));
  return { kept, outputs, weights, moments, target, mask };
}

type Problem = ReturnType<typeof problemOf>;

const solved = ({ kept, outputs, weights, moments, target, mask }: Problem, steps: number) =>
  maskedLeastSquares({
    kept,
    outputs,
    steps,
    mask,
    moments: Float32Array.from(moments),
    target: Float32Array.from(target),
    start: Float32Array.from(weights),
  });

/** The normal equations of one output, of the inputs that it may read. */
function byCholesky({ kept, outputs, moments, target, mask }: Problem, output: number): Float64Array {
  const inputs = Array.from({ length: kept }, (_, i) => i).filter((i) => mask[i * outputs + output] === 1);
  const matrix = Float64Array.from(inputs.flatMap((i) => inputs.map((j) => moments[i * kept + j]!)));
  const right = Float64Array.from(inputs, (i) => target[i * outputs + output]!);
  expect(choleskyInPlace(matrix, inputs.length)).toBe(true);
  solveCholesky(matrix, inputs.length, right, 1);
  const solution = new Float64Array(kept);
  inputs.forEach((input, k) => (solution[input] = right[k]!));
  return solution;
}

test.each([
  [1, 0.5],
  [2, 0.3],
  [3, 0.8],
])(
  'all outputs at once are the solutions of their own normal equations (seed %d, %d kept)',
  async (seed, density) => {
    const problem = problemOf(seed, 27, 8, density);
    const result = await solved(problem, 30);
    for (let output = 0; output < problem.outputs; output++) {
      const expected = byCholesky(problem, output);
      expected.forEach((value, i) => expect(result[i * problem.outputs + output]!).toBeCloseTo(value, 3));
    }
  },
);

test('what is masked is zero, and nothing changes where nothing is masked', async () => {
  const half = problemOf(4, 12, 5, 0.5);
  (await solved(half, 10)).forEach((value, i) => {
    if (half.mask[i] === 0) expect(Math.abs(value)).toBe(0);
  });
  const whole = problemOf(5, 12, 5, 1);
  const result = await solved(whole, 10);
  whole.weights.forEach((value, i) => expect(result[i]!).toBeCloseTo(value, 4));
});

test('outputs without inputs, and inputs that are always zero, stay finite', async () => {
  const problem = problemOf(6, 6, 3, 1);
  for (let i = 0; i < 6; i++) problem.mask[i * 3 + 1] = 0;
  for (let j = 0; j < 6; j++) problem.moments[2 * 6 + j] = problem.moments[j * 6 + 2] = 0;
  for (let o = 0; o < 3; o++) problem.target[2 * 3 + o] = 0;
  const result = await solved(problem, 30);
  expect(result.every(Number.isFinite)).toBe(true);
  expect([0, 1, 2, 3, 4, 5].every((i) => result[i * 3 + 1] === 0)).toBe(true);
});

test('no tensors stay behind', async () => {
  const before = tf.memory().numTensors;
  await solved(problemOf(7, 10, 4, 0.5), 5);
  expect(tf.memory().numTensors).toBe(before);
});
