import { adamStep, clipByNorm, createAdam } from './adam.js';

it('makes the two first steps that the paper gives for constant gradients', () => {
  // With a constant gradient g, both bias-corrected moments are g and g^2: every step is rate * g / (|g| +
  // epsilon).
  const parameters = Float32Array.of(1, -1);
  const state = createAdam(2);
  adamStep(state, parameters, Float32Array.of(0.5, -2), { learningRate: 0.1 });
  expect(parameters[0]).toBeCloseTo(0.9, 6);
  expect(parameters[1]).toBeCloseTo(-0.9, 6);
  adamStep(state, parameters, Float32Array.of(0.5, -2), { learningRate: 0.1 });
  expect(parameters[0]).toBeCloseTo(0.8, 6);
  expect(parameters[1]).toBeCloseTo(-0.8, 6);
});

it('moves a value by the rate in its first step, whatever the size of the gradient, and by nothing without one', () => {
  const values = Float32Array.of(1, 1, 1);
  const options = { learningRate: 0.25, epsilon: 1e-12 };
  adamStep(createAdam(3), values, Float32Array.of(1e-4, -300, 0), options);
  [0.75, 1.25, 1].forEach((expected, i) => expect(values[i]).toBeCloseTo(expected, 6));
});

it('finds the least of a badly scaled square with a rate that falls', () => {
  const values = Float32Array.of(3, -2);
  const state = createAdam(2);
  for (let step = 1; step <= 400; step++)
    adamStep(state, values, Float32Array.of(100 * (values[0]! - 1), 0.01 * (values[1]! - 2)), {
      learningRate: 0.05 * (1 - step / 400),
      epsilon: 1e-12,
    });
  expect(values[0]).toBeCloseTo(1, 2);
  expect(values[1]).toBeCloseTo(2, 1);
});

it('weighs past gradients by the betas', () => {
  const parameters = Float32Array.of(0);
  const state = createAdam(1);
  for (const gradient of [1, -3])
    adamStep(state, parameters, Float32Array.of(gradient), {
      learningRate: 1,
      beta1: 0.5,
      beta2: 0.75,
      epsilon: 0,
    });
  // Step 1: -1. Step 2: m = 0.5 * 0.5 - 1.5 = -1.25, over 1 - 0.25; v = 0.75 * 0.25 + 0.25 * 9 = 2.4375, over
  // 1 - 0.5625.
  expect(parameters[0]).toBeCloseTo(-1 + 1.25 / 0.75 / Math.sqrt(2.4375 / 0.4375), 6);
});

it('finds the minimum of a badly scaled bowl', () => {
  const parameters = Float32Array.of(3, -2);
  const state = createAdam(2);
  for (let step = 0; step < 2000; step++)
    adamStep(state, parameters, Float32Array.of(100 * (parameters[0]! - 1), 0.01 * (parameters[1]! - 1)), {
      learningRate: 0.01,
    });
  expect(parameters[0]).toBeCloseTo(1, 2);
  expect(parameters[1]).toBeCloseTo(1, 2);
});

it('shortens a gradient that is too long, and leaves others', () => {
  const long = Float32Array.of(3, 4);
  expect(clipByNorm(long, 1)).toBe(5);
  expect(long[0]).toBeCloseTo(0.6, 6);
  const short = Float32Array.of(0.3, 0.4);
  expect(clipByNorm(short, 1)).toBeCloseTo(0.5, 6);
  expect(short[1]).toBeCloseTo(0.4, 6);
});
