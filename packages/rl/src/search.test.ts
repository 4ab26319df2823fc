import { createRandom, type Action, type Agent, type Environment, type Transition } from '@tersor/core';
import { search, type SearchState } from './search.js';

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
