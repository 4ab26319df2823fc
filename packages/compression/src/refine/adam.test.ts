import { adamStep, noMoments } from './adam.js';

it('moves a value by the rate in its first step, whatever the size of the gradient, and by nothing without one', () => {
  const values = Float32Array.of(1, 1, 1);
  adamStep(values, noMoments(3), Float32Array.of(1e-4, -300, 0), 0.25, 1);
  [0.75, 1.25, 1].forEach((expected, i) => expect(values[i]).toBeCloseTo(expected, 6));
});

it('finds the least of a badly scaled square', () => {
  const values = Float32Array.of(3, -2);
  const moments = noMoments(2);
  for (let step = 1; step <= 400; step++)
    adamStep(
      values,
      moments,
      Float32Array.of(100 * (values[0]! - 1), 0.01 * (values[1]! - 2)),
      0.05 * (1 - step / 400),
      step,
    );
  expect(values[0]).toBeCloseTo(1, 2);
  expect(values[1]).toBeCloseTo(2, 1);
});
