import { createRandom, type Action, type Agent, type Environment, type Transition } from '@tersor/core';
import { createAgentCopies } from './agent-copies.js';
import { search, type EpisodeRecord, type SearchState } from './search.js';
import type { Walker } from './walk-episodes.js';

/** Two steps; the reward at the end is the sum of what was carried out, which a wall keeps at 0.6 a step. */
function wallEnvironment(): Environment {
  let sum = 0;
  let steps = 0;
  return {
    observationSpace: { type: 'box', low: [0], high: [1] },
    actionSpace: { type: 'box', low: [0], high: [1] },
    maxSteps: 2,
    reset: async () => {
      [sum, steps] = [0, 0];
      return { observation: [0] };
    },
    step: async ([action]) => {
      const executed = Math.min(action!, 0.6);
      sum += executed;
      steps++;
      const terminated = steps === 2;
      return {
        observation: [steps / 2],
        reward: terminated ? sum : 0,
        terminated,
        truncated: false,
        info: { executed: [executed], ...(terminated && { measures: { sum }, policy: { sum } }) },
      };
    },
    heuristics: { uniform: async () => [[0.6], [0.6]] },
  };
}

/** Draws its actions, remembers what it observes. */
function drawingAgent(seed: number): Agent & { readonly seen: Transition[] } {
  const random = createRandom(seed, 'drawing');
  const seen: Transition[] = [];
  return {
    seen,
    act: (): Action => [random.uniform()],
    observe: (transition) => void seen.push(transition),
    learn: () => ({ seen: seen.length }),
    save: () => ({ random: random.save(), seen: [...seen] }),
    load: (state) => {
      const saved = state as { random: number; seen: Transition[] };
      random.load(saved.random);
      seen.splice(0, seen.length, ...saved.seen);
    },
    dispose: () => undefined,
  };
}

describe('search', () => {
  it('keeps the episode with the highest reward', async () => {
    const rewards: number[] = [];
    const { best, episodesDone } = await search({
      agent: drawingAgent(1),
      environment: wallEnvironment(),
      episodes: 20,
      seed: 1,
      hooks: { onEpisode: ({ reward }) => void rewards.push(reward) },
    });
    expect(episodesDone).toBe(20);
    expect(best.reward).toBe(Math.max(...rewards));
    expect(best.policy).toEqual({ sum: best.reward });
    expect(best.episode).toBe(rewards.indexOf(best.reward) + 1);
  });

  it('lets the agent remember what was carried out, not what it had proposed', async () => {
    const agent = drawingAgent(1);
    await search({ agent, environment: wallEnvironment(), episodes: 10, seed: 1 });
    expect(agent.seen.every(({ action }) => action[0]! <= 0.6)).toBe(true);
    expect(agent.seen.some(({ proposed }) => proposed[0]! > 0.6)).toBe(true);
    expect(agent.seen.filter(({ terminated }) => terminated)).toHaveLength(10);
  });

  it('evaluates a warm start first, within the episodes, and never ends below it', async () => {
    const agent = drawingAgent(2);
    const records: (string | undefined)[] = [];
    const { best } = await search({
      agent,
      environment: wallEnvironment(),
      episodes: 3,
      seed: 1,
      warmStart: ['uniform'],
      hooks: { onEpisode: ({ heuristic }) => void records.push(heuristic) },
    });
    expect(records).toEqual(['uniform', undefined, undefined]);
    expect(best.reward).toBeGreaterThanOrEqual(1.2);
    expect(agent.seen).toHaveLength(6);
  });

  it('goes on from a checkpoint to exactly what an uninterrupted search gives', async () => {
    const whole: unknown[] = [];
    let saved: SearchState | undefined;
    const strip = ({ seconds: _seconds, ...record }: { seconds: number }) => record;
    await search({
      agent: drawingAgent(3),
      environment: wallEnvironment(),
      episodes: 8,
      seed: 1,
      warmStart: ['uniform'],
      hooks: {
        onEpisode: (record) => void whole.push(strip(record)),
        checkpoint: (state) => void (whole.length === 3 && (saved = structuredClone(state()))),
      },
    });
    const rest: unknown[] = [];
    await search({
      agent: drawingAgent(99),
      environment: wallEnvironment(),
      episodes: 8,
      seed: 1,
      warmStart: ['uniform'],
      resume: saved!,
      hooks: { onEpisode: (record) => void rest.push(strip(record)) },
    });
    expect(rest).toEqual(whole.slice(3));
  });

  it('stops when asked', async () => {
    const { episodesDone } = await search({
      agent: drawingAgent(1),
      environment: wallEnvironment(),
      episodes: 9,
      seed: 1,
      hooks: { shouldStop: () => true },
    });
    expect(episodesDone).toBe(1);
  });

  it('refuses a heuristic that the environment does not offer', async () => {
    await expect(
      search({
        agent: drawingAgent(1),
        environment: wallEnvironment(),
        episodes: 1,
        seed: 1,
        warmStart: ['magnitude'],
      }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('uniform') });
  });
});

/** Answers later, and the last step of a lane later still, as told. */
function slow(walker: Walker, milliseconds: number): Walker {
  return {
    reset: (seed) => walker.reset(seed),
    step: async (action) => {
      const result = await walker.step(action);
      if (result.terminated) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return result;
    },
  };
}

describe('search in lanes', () => {
  const strip = ({ seconds: _seconds, ...record }: EpisodeRecord) => record;
  const task = {
    observationSpace: { type: 'box', low: [0], high: [1] },
    actionSpace: { type: 'box', low: [0], high: [1] },
    maxSteps: 2,
    episodes: 8,
    seed: 3,
  } as const;
  const copies = (count: number, seed = 3) =>
    createAgentCopies(({ seed: own }) => drawingAgent(own), { ...task, seed }, count);
  const run = async (delays: readonly number[], options: Partial<Parameters<typeof search>[0]> = {}) => {
    const records: unknown[] = [];
    const result = await search({
      agent: copies(delays.length),
      environment: wallEnvironment(),
      walkers: delays.map((delay) => slow(wallEnvironment(), delay)),
      episodes: 8,
      seed: 1,
      warmStart: ['uniform'],
      ...options,
      hooks: { onEpisode: (record) => void records.push(strip(record)), ...options.hooks },
    });
    return { records, best: strip(result.best) };
  };

  it('gives the same episodes, in the same order, whichever lane is slow', async () => {
    const even = await run([0, 0, 0]);
    expect(even.records).toHaveLength(8);
    expect(even.records.slice(0, 3)).toMatchObject([
      { episode: 1, heuristic: 'uniform' },
      { episode: 2 },
      { episode: 3 },
    ]);
    expect(await run([30, 0, 10])).toEqual(even);
    expect(await run([0, 10, 30])).toEqual(even);
  });

  it('gives other episodes for another number of lanes, and another action in each lane', async () => {
    const two = await run([0, 0]);
    expect(two.records).not.toEqual((await run([0, 0, 0])).records);
    const [, , third, fourth] = two.records as EpisodeRecord[];
    expect(third!.actions).not.toEqual(fourth!.actions);
  });

  it('goes on from the middle of a batch, and measures nothing again', async () => {
    const whole = await run([0, 0, 0]);
    let saved: SearchState | undefined;
    await run([40, 0, 20], {
      hooks: {
        checkpoint: (state) => void (state().ended?.[2] && !saved && (saved = structuredClone(state()))),
      },
    });
    expect(saved).toMatchObject({ episodesDone: 0, ended: { 1: { steps: 2 }, 2: { steps: 2 } } });
    const measured: number[] = [];
    const counted = [0, 1, 2].map((lane): Walker => {
      const walker = wallEnvironment();
      const step: Walker['step'] = async (action) => {
        const result = await walker.step(action);
        if (result.terminated) measured.push(lane);
        return result;
      };
      return { reset: (seed) => walker.reset(seed), step };
    });
    const rest = await run([0, 0, 0], { agent: copies(3, 99), walkers: counted, resume: saved! });
    expect(rest).toEqual(whole);
    expect(measured).toEqual([0, 0, 1, 2, 0, 1]);
  });

  it('stops as soon as one lane has ended, with a checkpoint of that', async () => {
    let batches = 0;
    let last: SearchState | undefined;
    const endless = wallEnvironment();
    // In the second batch, its episode does not end.
    const step: Walker['step'] = async (action) => {
      const result = await endless.step(action);
      return batches === 2 && result.terminated ? new Promise(() => undefined) : result;
    };
    await run([0, 0], {
      walkers: [wallEnvironment(), { reset: (seed) => endless.reset(seed), step }],
      warmStart: [],
      hooks: {
        beforeBatch: () => void batches++,
        checkpoint: (state) => void (last = state()),
        shouldStop: () => batches === 2,
      },
    });
    expect(last).toMatchObject({ episodesDone: 2, ended: { 0: { steps: 2 } } });
    expect(last?.ended).not.toHaveProperty('1');
  });

  it.each(['reset', 'step'] as const)(
    'tells the error of the first lane that fails at %s, however late it fails',
    async (member) => {
      const failing = [20, 0].map((delay, lane): Walker => {
        const fail = async () => {
          await new Promise((resolve) => setTimeout(resolve, delay));
          throw new Error(`lane ${lane} failed`);
        };
        return { ...slow(wallEnvironment(), 0), [member]: fail };
      });
      await expect(run([0, 0], { walkers: failing })).rejects.toThrow('lane 0 failed');
    },
  );

  it('lets each copy of an agent learn from the episodes of all, its own first', async () => {
    const agents: ReturnType<typeof drawingAgent>[] = [];
    const make = ({ seed }: { seed: number }) => (agents.push(drawingAgent(seed)), agents.at(-1)!);
    await run([0, 0], { agent: createAgentCopies(make, task, 2), episodes: 2, warmStart: [] });
    const actions = agents.map(({ seen }) => seen.map(({ proposed }) => proposed[0]!));
    expect(actions[0]).toHaveLength(4);
    expect(actions[1]).toEqual([...actions[0]!.slice(2), ...actions[0]!.slice(0, 2)]);
  });
});
