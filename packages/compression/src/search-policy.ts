import { TOKENS, type EnvironmentTask, type LayerGraph, type PruneConfig, type QuantizeConfig, type Reward } from '@tersor/core';
import { search, type EpisodeRecord } from '@tersor/rl';
import type { PipelineContext } from './compress.js';
import type { SearchFigures } from './pipeline-types.js';

/** The best policy of a search, and its figures. */
export interface FoundPolicy {
  readonly policy: unknown;
  readonly figures: SearchFigures;
  readonly episodes: readonly EpisodeRecord[];
}

/** Runs one stage's search: its agent against its environment, both chosen by the config. */
export async function searchPolicy(
  context: PipelineContext,
  stage: 'prune' | 'quantize',
  config: PruneConfig | QuantizeConfig,
  makeTask: (evaluate: (graph: LayerGraph) => Promise<number>, reward: Reward) => EnvironmentTask,
): Promise<FoundPolicy> {
  const { host, events } = context;
  events.onStage?.(stage);
  const started = performance.now();
  const evaluator = await context.searchEvaluator(config.images);
  const reward = await host.get(TOKENS.reward, stage);
  const createEnvironment = await host.get(TOKENS.environment, stage);
  const createAgent = await host.get(TOKENS.agent, stage);
  await context.evaluateBackend.activate();
  const environment = await createEnvironment(makeTask((graph) => evaluator.accuracy(graph), reward));
  const { episodes, warmStart } = config.agent;
  const agent = createAgent({
    observationSpace: environment.observationSpace,
    actionSpace: environment.actionSpace,
    maxSteps: environment.maxSteps,
    episodes,
    seed: context.config.seed,
    ...(environment.heuristics && { heuristics: environment.heuristics }),
  });
  const records: EpisodeRecord[] = [];
  try {
    const result = await search({
      agent,
      environment,
      episodes,
      warmStart,
      seed: context.config.seed,
      hooks: {
        onEpisode: (record, best) => {
          records.push(record);
          events.onProgress?.({ stage, done: records.length, total: episodes, reward: record.reward, best: best.reward });
        },
        ...(context.shouldStop && { shouldStop: context.shouldStop }),
      },
    });
    const figures = {
      agent: String(config.agent['use']),
      episodes: records.length,
      evaluations: evaluator.evaluations,
      bestReward: result.best.reward,
      seconds: (performance.now() - started) / 1000,
    };
    return { policy: result.best.policy, figures, episodes: records };
  } finally {
    agent.dispose();
    environment.dispose?.();
  }
}
