import { createRandom } from '@tersor/core';

/**
 * Runs a synchronous function with `Math.random` seeded. Initializers and random layers of tfjs that have no
 * seed take one from `Math.random` (`rand_util` of tfjs-core), and most cannot be given one: noise, alpha
 * dropout, spatial and recurrent dropout, users' own layers.
 * @param stream purpose of the numbers; different names give independent numbers
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
