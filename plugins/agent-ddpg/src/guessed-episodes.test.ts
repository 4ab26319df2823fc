import { createRandom, type Action, type AgentTask } from '@tersor/core';
import { search } from '@tersor/rl';
import { DdpgAgent } from './ddpg-agent.js';
import { ddpgOptions } from './ddpg-options.js';

const STEPS = 6;

/** Steps of which each has an action that is right for it, by what is known of the step. */
function taskOf(seed: number) {
  const random = createRandom(seed, 'steps');
  const known = Array.from({ length: STEPS }, () => 2 * random.uniform() - 1);
  const worth = (actions: readonly Action[]) =>
    -actions.reduce((sum, [action], step) => sum + (action! - 0.6 * known[step]!) ** 2, 0);
  const observationsOf = (actions: readonly Action[]) =>
    actions.map((_action, step) => [known[step]!, actions[step - 1]?.[0] ?? 0]);
  const task: AgentTask = {
    observationSpace: { type: 'box', low: [-1, -1], high: [1, 1] },
    actionSpace: { type: 'box', low: [-1], high: [1] },
    maxSteps: STEPS,
    episodes: 8,
    seed,
    guess: worth,
    observationsOf,
  };
  let actions: Action[] = [];
  const environment = {
    ...task,
    reset: async () => {
      actions = [];
      return { observation: [known[0]!, 0] };
    },
    step: async (action: Action) => {
      actions.push(action);
      const terminated = actions.length === STEPS;
      return {
        observation: [known[Math.min(actions.length, STEPS - 1)]!, action[0]!],
        reward: terminated ? worth(actions) : 0,
        terminated,
        truncated: false,
        info: { executed: action, ...(terminated && { measures: {}, policy: actions }) },
      };
    },
  };
  return { task, worth, known, environment };
}

const make = (task: AgentTask, options: object) =>
  new DdpgAgent(ddpgOptions.parse({ hidden: [32, 32], actorRate: 1e-3, warmup: 0, ...options }), task);

it('knows before the first episode what guesses say', async () => {
  const worths: { readonly before: number; readonly after: number }[] = [];
  for (const seed of [1, 2, 3]) {
    const { task, worth, known } = taskOf(seed);
    const unmeasured = async (guesses: number) => {
      const agent = make(task, { guesses });
      await agent.prepare();
      const actions: Action[] = [];
      for (const each of known) actions.push(agent.act([each, actions.at(-1)?.[0] ?? 0], { explore: false }));
      return worth(actions);
    };
    worths.push({ before: await unmeasured(0), after: await unmeasured(800) });
  }
  for (const { before, after } of worths) expect(after).toBeGreaterThan(before);
  const sum = (of: 'before' | 'after') => worths.reduce((total, each) => total + each[of], 0);
  // Squared distances from what is right: a quarter less.
  expect(sum('after')).toBeGreaterThan(0.75 * sum('before'));
});

it('goes on from a saved state without guessing again', async () => {
  const { task, environment, worth } = taskOf(1);
  let guesses = 0;
  const counting = { ...task, guess: (actions: readonly Action[]) => (guesses++, worth(actions)) };
  const options = { guesses: 40, imitate: 0.1 };
  const whole = await search({ agent: make(counting, options), environment, episodes: 8, seed: 1 });
  let state: unknown;
  const hooks = { checkpoint: (snapshot: () => unknown) => void (state = structuredClone(snapshot())) };
  await search({ agent: make(counting, options), environment, episodes: 4, seed: 1, hooks });
  expect(guesses).toBe(80);
  const resumed = await search({
    agent: make(counting, options),
    environment,
    episodes: 8,
    seed: 1,
    resume: state as never,
  });
  expect(guesses).toBe(80);
  expect(resumed.best.actions).toEqual(whole.best.actions);
});

it('refuses guesses of an environment that makes none, and with rewards of single steps', () => {
  const { task } = taskOf(1);
  const { guess: _guess, ...without } = task;
  expect(() => make(without, { guesses: 5 })).toThrow(/cannot use "guesses" here/);
  expect(() => make(task, { guesses: 5, rewards: 'step' })).toThrow(/only with "rewards: episode"/);
});
