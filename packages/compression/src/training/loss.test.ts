import { accuracyOf } from './loss.js';

describe('accuracyOf', () => {
  it('is the share of rows whose largest score is the label', () => {
    expect(accuracyOf([0.1, 0.9, 0.8, 0.2, 0.3, 0.7], Int32Array.of(1, 0, 0))).toBeCloseTo(2 / 3);
    expect(accuracyOf([], new Int32Array())).toBe(0);
  });
});
