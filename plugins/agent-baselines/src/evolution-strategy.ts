import { createRandom, type Action, type AgentTask } from '@tersor/core';
import { withLane, withoutLane, type Lanes } from '@tersor/rl';
import { z } from 'zod';
import type { SequenceStrategy } from './sequence-agent.js';
import { clamp, createUnitSpace } from './unit-space.js';

/** Options of the agent `evolution`. */
export const evolutionOptions = z.strictObject({
  parents: z
    .int()
    .min(2)
    .default(8)
    .describe('Best sequences that are kept; as many random ones start the search'),
  sigma: z
    .number()
    .positive()
    .max(1)
    .default(0.2)
    .describe('Deviation of a mutation at first, as a share of the range of actions'),
  mutation: z
    .number()
    .positive()
    .max(1)
    .default(0.3)
    .describe('Share of the coordinates that mutate; at least one does'),
  crossover: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Probability of taking the coordinates of a step from the second parent'),
});

export type EvolutionOptions = z.output<typeof evolutionOptions>;

interface Individual {
  /** Per step, the action in the unit cube. */
  readonly genes: readonly (readonly number[])[];
  readonly reward: number;
}

interface EvolutionState {
  /** Best first, at most `parents` of them. */
  readonly population: readonly Individual[];
  readonly sigma: number;
  /** Reward of the better parent of each lane's sequence under way; random ones have none. */
  readonly parentRewards: Lanes<number>;
  readonly random: number;
}

/**
 * A (mu+1) evolution strategy over the whole policy vector (Beyer and Schwefel 2002): two parents are drawn
 * from the best mu, crossed step by step, and mutated by normal noise, whose deviation follows the 1/5
 * success rule (Rechenberg). What is remembered is the sequence as it was carried out, so the population
 * holds only policies that meet the budget. In lanes, a batch's children have the same parents to draw from.
 */
export function createEvolutionStrategy(
  options: EvolutionOptions,
  { actionSpace, maxSteps, seed }: AgentTask,
): SequenceStrategy {
  const random = createRandom(seed, 'evolution agent');
  const space = createUnitSpace(actionSpace);
  let state: Omit<EvolutionState, 'random'> = {
    population: [],
    sigma: options.sigma,
    parentRewards: new Map(),
  };

  const draw = () => state.population[random.integer(state.population.length)]!;
  const mutate = (value: number) => {
    const moved = value + state.sigma * random.normal();
    // Reflection at the borders: clamping would pile the population up on them.
    return clamp(moved < 0 ? -moved : moved > 1 ? 2 - moved : moved, 0, 1);
  };
  const child = (first: Individual, second: Individual): number[][] => {
    const genes = first.genes.map((gene, step) => [
      ...(random.uniform() < options.crossover ? second.genes[step]! : gene),
    ]);
    const certain = random.integer(genes.length * space.size);
    return genes.map((gene, step) =>
      gene.map((value, i) =>
        step * space.size + i === certain || random.uniform() < options.mutation ? mutate(value) : value,
      ),
    );
  };
  const randomGenes = () =>
    Array.from({ length: maxSteps }, () => Array.from({ length: space.size }, () => random.uniform()));

  return {
    propose: (lane): readonly Action[] => {
      if (state.population.length < options.parents) return randomGenes().map((unit) => space.toAction(unit));
      const [first, second] = [draw(), draw()];
      const parentReward = Math.max(first.reward, second.reward);
      state = { ...state, parentRewards: withLane(state.parentRewards, lane, parentReward) };
      return child(first, second).map((unit) => space.toAction(unit));
    },
    learn: (actions, reward, lane) => {
      const parentReward = state.parentRewards.get(lane);
      const parentRewards = withoutLane(state.parentRewards, lane);
      const genes = actions.map((action) => space.toUnit(action));
      const known = state.population.some((other) => JSON.stringify(other.genes) === JSON.stringify(genes));
      const population = known
        ? state.population
        : [...state.population, { genes, reward }]
            .sort((a, b) => b.reward - a.reward)
            .slice(0, options.parents);
      // One success in five keeps the deviation where it is: 1.22 = 1.05^4.
      const factor = parentReward === undefined ? 1 : reward > parentReward ? 1.22 : 1 / 1.05;
      state = { population, sigma: clamp(state.sigma * factor, 0.01, 0.5), parentRewards };
      return {
        sigma: state.sigma,
        parentsMean: population.reduce((sum, individual) => sum + individual.reward, 0) / population.length,
      };
    },
    save: () => ({ ...state, random: random.save() }),
    load: (saved) => {
      const { random: stream, ...rest } = saved as EvolutionState;
      state = rest;
      random.load(stream);
    },
  };
}
