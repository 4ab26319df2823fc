import '@tensorflow/tfjs-backend-cpu';
import {
  createRandom,
  type Action,
  type AgentFactory,
  type AgentTask,
  type Environment,
  type OtherEpisode,
} from '@tersor/core';
import { search, type SearchState } from '@tersor/rl';
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

const SMALL = { critics: 2, hidden: [8, 8], updates: 8, candidates: 50, shared: true };

describeContract(
  'ensemble with shared critics',
  agentContract((task) => factory(SMALL)({ ...task, features: stepsOf(task.maxSteps) }), {
    spaces: ['box'],
    learnsWithin: 60,
  }),
);

/** Where in an episode a step is. */
function stepsOf(count: number): number[][] {
  return Array.from({ length: count }, (_, step) => [step / count]);
}

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

it('tries no policy twice where the environment says what actions are carried out as', async () => {
  // Levels of bits: nearly all actions near the middle are rounded to it.
  const policyOf = (actions: readonly Action[]) => actions.map(([value]) => Math.round(2 * value!));
  const environmentOf = (): Environment => {
    let actions: Action[] = [];
    return {
      ...layersEnvironment(1),
      reset: async () => ((actions = []), { observation: [0] }),
      step: async (action) => {
        actions.push(action);
        const terminated = actions.length === STEPS;
        const policy = policyOf(actions);
        const reward = terminated ? -policy.reduce((sum, level) => sum + level ** 2, 0) : 0;
        const info = { executed: action, ...(terminated && { measures: {}, policy }) };
        return { observation: [actions.length / STEPS], reward, terminated, truncated: false, info };
      },
    };
  };
  const different = async (told: Pick<AgentTask, 'policyOf'>) => {
    const environment = environmentOf();
    const { observationSpace, actionSpace, maxSteps } = environment;
    const task = { observationSpace, actionSpace, maxSteps, episodes: EVALUATIONS, seed: 1, ...told };
    const policies = new Set<string>();
    const onEpisode = ({ policy }: { readonly policy: unknown }) => void policies.add(JSON.stringify(policy));
    const agent = factory({ sigma: 0.05 })(task);
    await search({ agent, environment, episodes: EVALUATIONS, seed: 1, hooks: { onEpisode } });
    return policies.size;
  };
  expect(await different({})).toBeLessThan((2 * EVALUATIONS) / 3);
  expect(await different({ policyOf })).toBe(EVALUATIONS);
});

describe('shared critics', () => {
  /** Steps that are worth pruning by what is known of them: the same rule for every network. */
  const network = (seed: number, steps: number) => {
    const random = createRandom(seed, 'steps');
    const features = Array.from({ length: steps }, () => [
      2 * random.uniform() - 1,
      2 * random.uniform() - 1,
    ]);
    const worth = (actions: readonly Action[]) => {
      const mean = actions.reduce((sum, [value]) => sum + value!, 0) / steps;
      return -actions.reduce(
        (sum, [value], i) => sum + (value! - mean - 0.4 * features[i]![0]! * (1 + features[i]![1]!)) ** 2,
        0,
      );
    };
    return { features, worth };
  };
  const environmentOf = ({ features, worth }: ReturnType<typeof network>): Environment => {
    let actions: Action[] = [];
    return {
      observationSpace: { type: 'box', low: [-1, -1], high: [1, 1] },
      actionSpace: { type: 'box', low: [-1], high: [1] },
      maxSteps: features.length,
      features,
      guess: worth,
      reset: async () => {
        actions = [];
        return { observation: features[0]! };
      },
      step: async (action) => {
        actions.push(action);
        const terminated = actions.length === features.length;
        return {
          observation: features[Math.min(actions.length, features.length - 1)]!,
          reward: terminated ? worth(actions) : 0,
          terminated,
          truncated: false,
          info: { executed: action, ...(terminated && { measures: {}, policy: actions }) },
        };
      },
    };
  };
  const options = { shared: true, critics: 3, hidden: [16, 16], updates: 20, candidates: 200 };
  const bestOf = async (
    seed: number,
    episodes: number,
    given: object,
    others: readonly (readonly OtherEpisode[])[] = [],
  ) => {
    const environment = environmentOf(network(seed, 9));
    const { observationSpace, actionSpace, maxSteps, features, guess } = environment;
    const task = { observationSpace, actionSpace, maxSteps, episodes, seed, features, guess } as AgentTask;
    const agent = factory({ ...options, ...given })(task);
    return (await search({ agent, environment, episodes, seed, others })).best.reward;
  };

  it('are ahead of starting anew after ten episodes where they studied two other networks', async () => {
    const random = createRandom(5, 'earlier episodes');
    const earlier = [network(100, 24), network(101, 18)].map(({ features, worth }) =>
      Array.from({ length: 150 }, (): OtherEpisode => {
        const actions = features.map(() => [0.3 * random.normal()]);
        return { features, actions, reward: worth(actions) };
      }),
    );
    const gains: number[] = [];
    for (const seed of [1, 2, 3, 4])
      gains.push(
        (await bestOf(seed, 10, { guesses: 0 }, earlier)) - (await bestOf(seed, 10, { guesses: 0 })),
      );
    expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeGreaterThan(0);
    expect(gains.filter((gain) => gain > 0).length).toBeGreaterThanOrEqual(3);
  });

  it('are ahead after ten episodes where they began with guesses', async () => {
    for (const seed of [1, 2, 3])
      expect(await bestOf(seed, 10, { guesses: 300 })).toBeGreaterThan(
        await bestOf(seed, 10, { guesses: 0 }),
      );
  });

  it('go on from a saved state with what they knew, without measuring guesses again', async () => {
    const environment = environmentOf(network(1, 9));
    const { observationSpace, actionSpace, maxSteps, features } = environment;
    let guesses = 0;
    const guess = (actions: readonly Action[]) => (guesses++, environment.guess!(actions));
    const task = {
      observationSpace,
      actionSpace,
      maxSteps,
      episodes: 8,
      seed: 1,
      features,
      guess,
    } as AgentTask;
    const make = () => factory({ ...options, guesses: 50 })(task);
    const whole = await search({ agent: make(), environment, episodes: 8, seed: 1 });
    let state: SearchState | undefined;
    const hooks = { checkpoint: (snapshot: () => SearchState) => void (state = structuredClone(snapshot())) };
    const inOneGo = guesses;
    await search({ agent: make(), environment, episodes: 4, seed: 1, hooks });
    const resumed = await search({ agent: make(), environment, episodes: 8, seed: 1, resume: state! });
    expect(guesses).toBe(2 * inOneGo);
    expect(resumed.best.actions).toEqual(whole.best.actions);
  });

  it('refuse an environment that knows nothing of its steps, and steps of other features', () => {
    const task = { ...environmentOf(network(1, 3)), episodes: 3, seed: 1 };
    const { features: _features, ...without } = task;
    expect(() => factory({ shared: true })(without)).toThrow(/cannot use "shared" here/);
    const { guess: _guess, ...unguessed } = task;
    expect(() => factory({ shared: true, guesses: 5 })(unguessed)).toThrow(/cannot use "guesses" here/);
    const other = { features: [[1]], actions: [[0]], reward: 1 };
    expect(() => factory({ shared: true })(task).study!([[other]])).toThrow(/gets 2 features of each step/);
  });
});
