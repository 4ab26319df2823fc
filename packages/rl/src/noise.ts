import type { Random } from '@tersor/core';

/**
 * A sample of the normal distribution cut to [low, high] (AMC's exploration: mean = the actor's action), by
 * the rejection methods of Robert (1995, *Simulation of truncated normal variables*, propositions 2.3 and
 * 2.4): each accepts at least one draw in eight or so, however far the mean is outside. Throws a RangeError
 * for a mean, deviation or bound that is not finite: the policy has diverged.
 */
export function truncatedNormal(
  random: Random,
  mean: number,
  deviation: number,
  low: number,
  high: number,
): number {
  for (const [what, value] of Object.entries({ mean, deviation, 'lower bound': low, 'upper bound': high })) {
    if (!Number.isFinite(value))
      throw new RangeError(
        `The ${what} of the exploration is ${value}: the policy has diverged; try smaller learning rates.`,
      );
  }
  if (high <= low) return low;
  if (deviation <= 0) return Math.min(high, Math.max(low, mean));
  if (mean > high) return -truncatedNormal(random, -mean, deviation, -high, -low);
  const start = (low - mean) / deviation;
  // So far outside that doubles cannot tell the tail from its bound.
  if (start === Infinity) return low;
  const standard = standardTruncatedNormal(random, start, (high - mean) / deviation);
  // The clamp takes off what rounding adds.
  return Math.min(high, Math.max(low, mean + deviation * standard));
}

/**
 * Draws until one is accepted: no more are ever needed, as long as bounds and deviation are numbers that
 * doubles can divide.
 */
const MOST_DRAWS = 10_000;

/** The same for mean 0 and deviation 1; `high` is not below 0. */
function standardTruncatedNormal(random: Random, low: number, high: number): number {
  const peak = Math.max(0, low);
  if (low <= 0 && high - low > 2) {
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const value = random.normal();
      if (value >= low && value <= high) return value;
    }
  }
  if (high * high - peak * peak < 4) {
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const value = low + (high - low) * random.uniform();
      if (random.uniform() < Math.exp((peak * peak - value * value) / 2)) return value;
    }
  }
  // A tail: the exponential distribution that lies closest above it.
  const rate = (low + Math.sqrt(low * low + 4)) / 2;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const value = low - Math.log(1 - random.uniform()) / rate;
    if (value <= high && random.uniform() < Math.exp(-((value - rate) ** 2) / 2)) return value;
  }
  return peak;
}

/** State of an Ornstein-Uhlenbeck process, one number per coordinate. */
export type OrnsteinUhlenbeckState = readonly number[];

/**
 * One step of noise that swings around zero: `x += -theta x + sigma N(0, 1)` (DDPG, section 3; theta 0.15).
 */
export function ornsteinUhlenbeckStep(
  state: OrnsteinUhlenbeckState,
  random: Random,
  sigma: number,
  theta = 0.15,
): OrnsteinUhlenbeckState {
  return state.map((value) => value - theta * value + sigma * random.normal());
}

/**
 * The parameters with normal noise on each: exploration that is consistent over an episode (Plappert et al.,
 * section 3).
 */
export function perturbParameters(parameters: Float32Array, random: Random, deviation: number): Float32Array {
  return parameters.map((value) => value + deviation * random.normal());
}

/**
 * Adapts the deviation of parameter noise so that the actions it causes keep a wished distance from the clean
 * policy's (Plappert et al., equation 8; factor 1.01).
 */
export function adaptParameterDeviation(
  deviation: number,
  distance: number,
  wished: number,
  factor = 1.01,
): number {
  return distance > wished ? deviation / factor : deviation * factor;
}
