import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { comparePruned, randomRemovals } from '../../test/equivalence.js';
import { KINDS, randomNetwork, type Instruction } from '../../test/random-network.js';

const instruction: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(5),
  other: fc.nat(9),
  size: fc.integer({ min: 2, max: 5 }),
  variant: fc.nat(29),
});

beforeAll(() => tf.setBackend('cpu'));

test('500 random networks, pruned by random plans, equal the same networks with those channels masked', async () => {
  let removed = 0;
  let changed = 0;
  let cases = 0;
  const property = fc.asyncProperty(
    fc.array(instruction, { minLength: 1, maxLength: 7 }),
    fc.integer({ min: 0, max: 1e6 }),
    async (instructions, seed) => {
      const graph = await randomNetwork(instructions, seed);
      const result = await comparePruned(graph, randomRemovals(graph, seed), seed);
      expect(result.difference).toBeLessThan(1e-4);
      removed += result.removed;
      if (result.removed === 0 || result.effect === undefined) return;
      cases++;
      if (result.effect > 1e-3) changed++;
    },
  );
  await fc.assert(property, { numRuns: 500, seed: 5 });
  expect(cases).toBeGreaterThan(20);
  // A property that never removes anything, or networks whose outputs do not depend on it, would hold too.
  expect(removed).toBeGreaterThan(1500);
  expect(changed).toBeGreaterThan(0.6 * cases);
}, 600_000);
