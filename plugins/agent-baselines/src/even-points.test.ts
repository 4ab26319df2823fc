import { evenPoint } from './even-points.js';

it('follows the golden ratio in one dimension', () => {
  const golden = (Math.sqrt(5) - 1) / 2;
  expect(evenPoint(0, 1)[0]).toBeCloseTo((0.5 + golden) % 1, 12);
  expect(evenPoint(4, 1)[0]).toBeCloseTo((0.5 + 5 * golden) % 1, 12);
});

it('follows the plastic number in two', () => {
  const plastic = 1.324717957244746;
  expect(evenPoint(2, 2)[0]).toBeCloseTo((0.5 + 3 / plastic) % 1, 9);
  expect(evenPoint(2, 2)[1]).toBeCloseTo((0.5 + 3 / plastic ** 2) % 1, 9);
});
