import { probeWeights } from './probe-weights.js';

describe('the weight of an error', () => {
  const weightAt = probeWeights([
    { at: 2, error: 0.1, divergence: 0.4 },
    { at: 4, error: 0.01, divergence: 0.01 },
  ]);

  it('is the measured divergence over it at a probe', () => {
    expect(weightAt(2)).toBeCloseTo(4, 12);
    expect(weightAt(4)).toBeCloseTo(1, 12);
  });

  it('goes evenly in its logarithm between probes, and stays beyond them', () => {
    expect(weightAt(3)).toBeCloseTo(2, 12);
    expect(weightAt(1)).toBeCloseTo(4, 12);
    expect(weightAt(8)).toBeCloseTo(1, 12);
  });

  it('is 1 where nothing was measured, or nothing was lost', () => {
    expect(probeWeights([])(3)).toBe(1);
    expect(probeWeights([{ at: 2, error: 0, divergence: 0.1 }])(3)).toBe(1);
  });
});
