import '@tensorflow/tfjs-backend-cpu';
import { createRandom, type Action, type AgentFactory, type Environment } from '@tersor/core';
import { search } from '@tersor/rl';
import { agentContract, describeContract } from '@tersor/testing';
import { createEnsembleAgent } from './ensemble-agent.js';
import { ensembleOptions } from './ensemble-options.js';

function factory(options: object = {}): AgentFactory {
  const parsed = ensembleOptions.parse(options);
  return (task) => createEnsembleAgent(parsed, task);
}

describeContract(
  'ensemble',
  agentContract(factory({ critics: 2, hidden: [8, 8], updates: 8, candidates: 50 }), {
    spaces: ['box'],
    learnsWithin: 60,
  }),
);

const STEPS = 12;
const EVALUATIONS = 30;

/**
 * Layers of a network with a bound on their sum, as a residual environment keeps it: a policy is good
 * where its actions, less their mean, are near a hidden one; some layers count a hundred times as much as
 * others, and neighbours depend on each other.
 */
function layersEnvironment(seed: number): Environment {
  const random = createRandom(seed, 'hidden policy');
  const hidden = Array.from({ length: STEPS }, () => 0.5 * random.normal());
  const weights = Array.from({ length: STEPS }, () => 10 ** (2 * random.uniform() - 1));
  let actions: number[] = [];
  return {
    observationSpace: { type: 'box', low: [0], high: [1] },
    actionSpace: { type: 'box', low: [-1], high: [1] },
    maxSteps: STEPS,
    reset: async () => {
      actions = [];
      return { observation: [0] };
    },
    step: async ([action]) => {
      actions.push(action!);
      const terminated = actions.length === STEPS;
      const mean = actions.reduce((sum, value) => sum + value, 0) / STEPS;
      const errors = actions.map((value, i) => value - mean - hidden[i]!);
      const reward = -errors.reduce(
        (sum, error, i) => sum + weights[i]! * error ** 2 + 0.05 * error * (errors[i - 1] ?? 0),
        0,
      );
      return {
        observation: [actions.length / STEPS],
        reward: terminated ? reward : 0,
        terminated,
        truncated: false,
        info: { executed: [action!], ...(terminated && { measures: {}, policy: [...actions] }) },
      };
    },
  };
}

describe('ensemble', () => {
  const best = async (make: AgentFactory, seed: number): Promise<number> => {
    const environment = layersEnvironment(seed);
    const { observationSpace, actionSpace, maxSteps } = environment;
    const agent = make({ observationSpace, actionSpace, maxSteps, episodes: EVALUATIONS, seed });
    return (await search({ agent, environment, episodes: EVALUATIONS, seed })).best.reward;
  };
  /** Uniform in the space: random search. */
  const random: AgentFactory = ({ seed }) => {
    const stream = createRandom(seed, 'random search');
    return {
      act: () => [2 * stream.uniform() - 1],
      observe: () => undefined,
      learn: () => ({}),
      save: () => stream.save(),
      load: (state) => stream.load(state as number),
      dispose: () => undefined,
    };
  };

  it('is ahead of random search and of itself without critics after 30 evaluations', async () => {
    const found: number[][] = [];
    for (let seed = 1; seed <= 4; seed++)
      found.push([
        await best(factory({ critics: 4, hidden: [16, 16], updates: 30 }), seed),
        // One candidate: the critics have nothing to choose from.
        await best(factory({ candidates: 1, updates: 1 }), seed),
        await best(random, seed),
      ]);
    const means = [0, 1, 2].map((i) => found.reduce((sum, each) => sum + each[i]!, 0) / found.length);
    expect(means[0]).toBeGreaterThan(means[1]!);
    expect(means[0]).toBeGreaterThan(means[2]!);
    expect(found.filter(([own, without]) => own! > without!).length).toBeGreaterThanOrEqual(3);
  });

  it('begins with the middle of the range, and stays near it until the critics choose', async () => {
    const environment = layersEnvironment(1);
    const { observationSpace, actionSpace, maxSteps } = environment;
    const agent = factory()({ observationSpace, actionSpace, maxSteps, episodes: 4, seed: 1 });
    const records: (readonly Action[])[] = [];
    const onEpisode = ({ actions }: { readonly actions: readonly Action[] }) => void records.push(actions);
    await search({ agent, environment, episodes: 4, seed: 1, hooks: { onEpisode } });
    expect(records[0]).toEqual(Array.from({ length: STEPS }, () => [0]));
    for (const actions of records.slice(1)) {
      const away = Math.sqrt(actions.reduce((sum, [action]) => sum + action! ** 2, 0) / STEPS);
      expect(away).toBeGreaterThan(0.05);
      expect(away).toBeLessThan(0.6);
    }
  });
});
