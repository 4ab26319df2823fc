import type { BoxSpace } from '@tersor/core';
import type { ActionHead } from './action-head.js';

const LOG_TWO_PI = Math.log(2 * Math.PI);

/**
 * Independent normal distributions, one a coordinate: the means are the network's output, the logarithms of
 * the deviations are free parameters. A sample is brought into [-1, 1] by clipping or by tanh, and then into
 * the box.
 *
 * Log-probability and entropy are those of the normal distribution, before clipping or tanh: the density of
 * tanh's output differs by a factor that depends on the sample alone, so it cancels out of PPO's ratio.
 */
export function createGaussianHead({ low, high }: BoxSpace, sigma: number, squash: boolean): ActionHead {
  const toUnit = squash ? Math.tanh : (value: number) => Math.min(1, Math.max(-1, value));
  // An action at a border has no finite sample before tanh.
  const fromUnit = squash
    ? (value: number) => Math.atanh(Math.min(0.999, Math.max(-0.999, value)))
    : (value: number) => value;
  return {
    outputs: low.length,
    initial: low.map(() => Math.log(sigma)),
    draw: (means, logDeviations, random) =>
      Array.from(means, (mean, i) => mean + Math.exp(logDeviations[i]!) * random.normal()),
    mode: (means) => Array.from(means),
    toAction: (sample) =>
      low.map((least, i) =>
        Math.min(high[i]!, Math.max(least, least + ((toUnit(sample[i]!) + 1) / 2) * (high[i]! - least))),
      ),
    toSample: (action) =>
      low.map((least, i) =>
        high[i]! > least ? fromUnit((2 * (action[i]! - least)) / (high[i]! - least) - 1) : 0,
      ),
    evaluate: (means, logDeviations, sample) => {
      // Distance from the mean, in deviations.
      const distances = sample.map((value, i) => (value - means[i]!) / Math.exp(logDeviations[i]!));
      return {
        logProbability: {
          value: distances.reduce(
            (sum, distance, i) => sum - (distance * distance + LOG_TWO_PI) / 2 - logDeviations[i]!,
            0,
          ),
          byOutput: distances.map((distance, i) => distance / Math.exp(logDeviations[i]!)),
          byFree: distances.map((distance) => distance * distance - 1),
        },
        entropy: {
          value: distances.reduce((sum, _, i) => sum + (1 + LOG_TWO_PI) / 2 + logDeviations[i]!, 0),
          byOutput: distances.map(() => 0),
          byFree: distances.map(() => 1),
        },
      };
    },
  };
}
