import { outputDivergence } from './output-divergence.js';

const logits = { link: 'softmax', isApplied: false } as const;
const probabilities = { link: 'softmax', isApplied: true } as const;

describe('how far outputs are from the original', () => {
  it('is the KL divergence of the probabilities, averaged over the images', () => {
    const original = Float32Array.of(0.5, 0.5, 0.25, 0.75);
    const scores = Float32Array.of(0.25, 0.75, 0.25, 0.75);
    const first = 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3);
    expect(outputDivergence(original, scores, 2, probabilities)).toBeCloseTo(first / 2, 6);
  });

  it('is the same of logits, whatever is added to all of an image, and however large they are', () => {
    const original = Float32Array.of(0, 0, 0, Math.log(3));
    const scores = Float32Array.of(1000, 1000 + Math.log(3), -5, -5 + Math.log(3));
    const first = 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3);
    expect(outputDivergence(original, scores, 2, logits)).toBeCloseTo(first / 2, 4);
  });

  it('is 0 for the same outputs, and finite where a probability is 0', () => {
    const sure = Float32Array.of(1, 0, 0);
    expect(outputDivergence(sure, sure, 1, probabilities)).toBeCloseTo(0, 12);
    const wrong = outputDivergence(sure, Float32Array.of(0, 1, 0), 1, probabilities);
    expect(wrong).toBeGreaterThan(10);
    expect(wrong).toBeLessThan(20);
  });

  it('with a sigmoid for each class averages over the classes as well', () => {
    const kind = { link: 'sigmoid', isApplied: true } as const;
    const found = outputDivergence(Float32Array.of(0.5, 0.5), Float32Array.of(0.25, 0.5), 1, kind);
    expect(found).toBeCloseTo((0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)) / 2, 6);
  });
});
