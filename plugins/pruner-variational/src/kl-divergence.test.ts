import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { ALPHA_RANGE, gaussianKl, LEAST_ALPHA, logNormalKl } from './kl-divergence.js';

beforeAll(() => tf.setBackend('cpu'));

const at = (f: (x: tf.Tensor) => tf.Tensor, value: number) => f(tf.scalar(value)).dataSync()[0]!;

/** In float64, for differences small enough to tell a gradient. */
const exactGaussian = (la: number) =>
  0.5 * Math.log1p(Math.exp(-la)) - 0.63576 * (1 / (1 + Math.exp(-(1.8732 + 1.48695 * la))) - 1);
const exactLogNormal = (alpha: number) => -Math.log(alpha / 0.701);

/**
 * KL(N(theta, alpha theta^2) || log-uniform) up to its constant, by integration: -0.5 log alpha + E log|1 +
 * sqrt(alpha) eps|, zero as alpha grows.
 */
function integratedKl(logAlpha: number): number {
  const expectation = (la: number) => {
    let sum = 0;
    const steps = 200_001;
    for (let i = 0; i < steps; i++) {
      const eps = -10 + (20 * (i + 0.5)) / steps;
      sum += Math.exp((-eps * eps) / 2) * Math.log(Math.abs(1 + Math.exp(la / 2) * eps) + 1e-300);
    }
    return (sum * 20) / steps / Math.sqrt(2 * Math.PI);
  };
  // The constant is fixed where the weight is all noise: E log|eps| = -(gamma + log 2) / 2.
  const noise = -(0.5772156649 + Math.LN2) / 2;
  return -0.5 * logAlpha + expectation(logAlpha) - noise;
}

test.each([-6, -3, -1, 0, 1, 3, 6])(
  'the Gaussian term at log alpha %d is the integral to 0.01',
  (logAlpha) => {
    expect(Math.abs(at(gaussianKl, logAlpha) - integratedKl(logAlpha))).toBeLessThan(0.01);
  },
);

test.each([-7, -2.5, 0, 1.5, 6])(
  'gradient of the Gaussian term at log alpha %d equals finite differences',
  (logAlpha) => {
    const h = 1e-5;
    const expected = (exactGaussian(logAlpha + h) - exactGaussian(logAlpha - h)) / (2 * h);
    expect(at(tf.grad(gaussianKl), logAlpha)).toBeCloseTo(expected, 4);
  },
);

test.each([0.001, 0.1, 0.4, 0.7])('value and gradient of the log-normal term at alpha %d', (alpha) => {
  const h = alpha * 1e-6;
  expect(at(logNormalKl, alpha)).toBeCloseTo(exactLogNormal(alpha), 4);
  const expected = (exactLogNormal(alpha + h) - exactLogNormal(alpha - h)) / (2 * h);
  expect(at(tf.grad(logNormalKl), alpha) / expected).toBeCloseTo(1, 4);
});

test('both terms are zero where the noise says it all, and fall on the way there', () => {
  expect(at(gaussianKl, 20)).toBeCloseTo(0, 5);
  expect(at(logNormalKl, LEAST_ALPHA + ALPHA_RANGE)).toBeCloseTo(0, 6);
  const falling = [-8, -4, 0, 4, 8].map((la) => at(gaussianKl, la));
  falling.slice(1).forEach((value, i) => expect(value).toBeLessThan(falling[i]!));
});
