import type { Random } from './random.js';

/**
 * A sample of the normal distribution cut to [low, high] (AMC's exploration: mean = the actor's action). By rejection from the normal where most of
 * it lies inside, else from the uniform distribution under its peak, so that it ends however far the mean is outside. Throws a RangeError for a
 * mean that is not a number: the policy has diverged.
 */
export function truncatedNormal(random: Random, mean: number, deviation: number, low: number, high: number): number {
  if (!Number.isFinite(mean)) throw new RangeError(`The mean of the exploration is ${mean}: the policy has diverged; try smaller learning rates.`);
  if (high <= low) return low;
  if (deviation <= 0) return Math.min(high, Math.max(low, mean));
  if (mean >= low && mean <= high && high - low > deviation) {
    for (;;) {
      const value = mean + deviation * random.normal();
      if (value >= low && value <= high) return value;
    }
  }
  const peak = Math.min(high, Math.max(low, mean));
  for (;;) {
    const value = low + (high - low) * random.uniform();
    const exponent = ((peak - mean) ** 2 - (value - mean) ** 2) / (2 * deviation ** 2);
    if (random.uniform() < Math.exp(exponent)) return value;
  }
}

/** State of an Ornstein-Uhlenbeck process, one number per coordinate. */
export type OrnsteinUhlenbeckState = readonly number[];

/** One step of noise that swings around zero: `x += -theta x + sigma N(0, 1)` (DDPG, section 3; theta 0.15). */
export function ornsteinUhlenbeckStep(state: OrnsteinUhlenbeckState, random: Random, sigma: number, theta = 0.15): OrnsteinUhlenbeckState {
  return state.map((value) => value - theta * value + sigma * random.normal());
}

/** The parameters with normal noise on each: exploration that is consistent over an episode (Plappert et al., section 3). */
export function perturbParameters(parameters: Float32Array, random: Random, deviation: number): Float32Array {
  return parameters.map((value) => value + deviation * random.normal());
}

/**
 * Adapts the deviation of parameter noise so that the actions it causes keep a wished distance from the clean policy's
 * (Plappert et al., equation 8; factor 1.01).
 */
export function adaptParameterDeviation(deviation: number, distance: number, wished: number, factor = 1.01): number {
  return distance > wished ? deviation / factor : deviation * factor;
}
