import { createRandom } from '@tersor/core';

/**
 * Runs a synchronous function during which `Math.random` draws from a seed. Initializers and random layers of
 * tfjs that have no seed of their own take theirs from `Math.random` (`rand_util` of tfjs-core), and most
 * have no way to be given one: noise, alpha dropout, spatial and recurrent dropout, layers of the user's.
 * @param stream what the numbers are for; different names give independent numbers
 */
export function withSeededMathRandom<T>(seed: number, stream: string, run: () => T): T {
  const random = createRandom(seed, stream);
  const original = Math.random;
  Math.random = () => random.uniform();
  try {
    return run();
  } finally {
    Math.random = original;
  }
}
