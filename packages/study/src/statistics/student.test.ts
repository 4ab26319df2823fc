import { studentP, studentQuantile } from './student.js';

describe("Student's t distribution", () => {
  // Tables of the 97.5% quantile: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [9, 2.262],
    [29, 2.045],
    [100, 1.984],
    [Infinity, 1.96],
  ])('has the tabled quantile for %d degrees of freedom: %d', (freedom, quantile) =>
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(quantile, 3),
  );

  it('interpolates quantiles for fractional degrees of freedom', () => {
    expect(studentQuantile(0.975, 2.5)).toBeGreaterThan(3.182);
    expect(studentQuantile(0.975, 2.5)).toBeLessThan(4.303);
    expect(studentQuantile(0.975, 999_999)).toBeCloseTo(studentQuantile(0.975, 1_000_001), 5);
  });

  it('gives a two-sided p value that inverts the quantile', () => {
    expect(studentP(4.302653, 2)).toBeCloseTo(0.05, 6);
    expect(studentP(-2.262157, 9)).toBeCloseTo(0.05, 6);
    expect(studentP(1, 1)).toBeCloseTo(0.5, 7); // Cauchy
    expect(studentP(0, 5)).toBeCloseTo(1, 9);
    expect(studentP(1.959964, Infinity)).toBeCloseTo(0.05, 6);
  });
});
