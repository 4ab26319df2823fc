// Learning curves of an agent on the pendulum. Run: node --conditions=tersor/source --import tsx
// bench/agents/pendulum.ts <ddpg|ppo> [seeds...]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, AgentFactory } from '../../packages/core/src/index.js';
import { search } from '../../packages/rl/src/index.js';
import ddpg from '../../plugins/agent-ddpg/src/index.js';
import ppo from '../../plugins/agent-ppo/src/index.js';
import { createPendulum } from './pendulum-environment.js';

/**
 * Where AMC's recipe does not fit (one reward at the end, discount 1), the settings that stable-baselines3's
 * zoo uses for this task.
 */
const SETTINGS = {
  ddpg: {
    plugin: ddpg,
    episodes: 100,
    options: {
      hidden: [128, 128],
      actorRate: 1e-3,
      criticRate: 1e-3,
      gamma: 0.98,
      tau: 0.01,
      batch: 64,
      rewards: 'step',
      baseline: 0,
      noise: 'gaussian',
      sigma: 0.1,
      sigmaDecay: 1,
      warmup: 5,
    },
  },
  ppo: {
    plugin: ppo,
    episodes: 500,
    options: {
      hidden: [64, 64],
      learningRate: 1e-3,
      gamma: 0.9,
      lambda: 0.95,
      rollout: 10,
      epochs: 10,
      batch: 64,
      sigma: 1,
    },
  },
} as const;

const EVALUATIONS = 30;
const WINDOW = 10;

const [id = 'ddpg', ...seedWords] = process.argv.slice(2);
if (id !== 'ddpg' && id !== 'ppo') throw new Error(`There are settings for ddpg and ppo, not for ${id}.`);
const { plugin, episodes, options } = SETTINGS[id];

async function main(agentId: string, seeds: readonly number[]): Promise<void> {
  const runs: Awaited<ReturnType<typeof learn>>[] = [];
  const command = `node --conditions=tersor/source --import tsx bench/agents/pendulum.ts ${agentId} ${seeds.join(' ')}`;
  const folder = join(__dirname, 'results');
  mkdirSync(folder, { recursive: true });
  for (const seed of seeds) {
    runs.push(await learn(agentId, seed));
    // After every seed: a seed takes minutes, and what is done is not lost.
    const mean = round(runs.reduce((sum, { final }) => sum + final, 0) / runs.length);
    writeFileSync(
      join(folder, `pendulum-${agentId}.json`),
      `${JSON.stringify({ command, agent: agentId, options, episodes, evaluations: EVALUATIONS, window: WINDOW, mean, runs }, undefined, 1)}\n`,
    );
  }
}

/**
 * One search; `curve` holds the mean reward of each ten episodes with exploration, `final` that of new
 * episodes without.
 */
async function learn(agentId: string, seed: number) {
  const environment = createPendulum();
  const { observationSpace, actionSpace, maxSteps } = environment;
  const create = plugin.create as (options: unknown) => AgentFactory;
  const agent = create(plugin.options.parse(options))({
    observationSpace,
    actionSpace,
    maxSteps,
    episodes,
    seed,
  });
  const rewards: number[] = [];
  const started = performance.now();
  await search({
    agent,
    environment,
    episodes,
    seed: 1000 * seed,
    hooks: { onEpisode: ({ reward }) => void rewards.push(reward) },
  });
  const seconds = (performance.now() - started) / 1000;
  const curve = Array.from({ length: Math.floor(episodes / WINDOW) }, (_, i) =>
    round(rewards.slice(i * WINDOW, (i + 1) * WINDOW).reduce((sum, reward) => sum + reward, 0) / WINDOW),
  );
  const tests: number[] = [];
  for (let i = 0; i < EVALUATIONS; i++) tests.push(await evaluate(agent, 1_000_000 + i));
  const final = tests.reduce((sum, reward) => sum + reward, 0) / EVALUATIONS;
  const deviation = Math.sqrt(tests.reduce((sum, reward) => sum + (reward - final) ** 2, 0) / EVALUATIONS);
  console.error(
    `${agentId}, seed ${seed}: ${final.toFixed(1)} ± ${deviation.toFixed(1)} after ${episodes} episodes, ${seconds.toFixed(0)} s`,
  );
  return { seed, final: round(final), deviation: round(deviation), seconds: round(seconds), curve };
}

async function evaluate(agent: Agent, seed: number): Promise<number> {
  const environment = createPendulum();
  let { observation } = await environment.reset(seed);
  for (let total = 0; ; ) {
    const result = await environment.step(agent.act(observation, { explore: false }));
    total += result.reward;
    observation = result.observation;
    if (result.truncated) return total;
  }
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

void main(id, seedWords.length > 0 ? seedWords.map(Number) : [1, 2, 3]);
