import { guessValue } from './guess-value.js';

describe('the value of guesses', () => {
  it('is half a unit per spread before episodes differ', () => {
    const valueOf = guessValue([3], [-0.2], 2);
    expect(valueOf(3)).toBeCloseTo(-0.2);
    expect(valueOf(5)).toBeCloseTo(0.3);
  });

  it('follows what episodes bear out: the slope of a ridge regression, a known answer', () => {
    // In spreads the guesses are -1, 0 and 1: products 2 * -1, squares 2, and the belief 3 * 0.5 of weight 3.
    const valueOf = guessValue([2, 4, 6], [1, 0, -1], 2);
    expect(valueOf(4)).toBeCloseTo(0);
    expect(valueOf(6)).toBeCloseTo((-2 + 1.5) / (2 + 3));
    const many = Array.from({ length: 300 }, (_, i) => (i % 3) - 1);
    const sure = guessValue(
      many.map((unit) => 4 + 2 * unit),
      many.map((unit) => -unit),
      2,
    );
    expect(sure(6)).toBeCloseTo(-1, 1);
  });
});
