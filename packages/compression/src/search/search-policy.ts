import {
  TOKENS,
  type EnvironmentTask,
  type PruneConfig,
  type PruneTask,
  type QuantizeConfig,
  type Reward,
} from '@tersor/core';
import { search, type EpisodeRecord } from '@tersor/rl';
import type { PipelineContext } from '../stages/pipeline-context.js';
import { confirmBest } from './confirm.js';
import { policyDigest } from './policy-digest.js';
import { createRacing } from './racing.js';
import { startOf } from './start-of.js';
import { requireGoingOn } from '../run/interruption.js';
import type { FoundPolicy, StageState } from '../run/run-state.js';
import type { Evaluator } from '../training/evaluator.js';

/**
 * Runs one stage's search: its agent against its environment, both chosen by the config; from a checkpoint
 * where there is one.
 */
export async function searchPolicy(
  context: PipelineContext,
  stage: 'prune' | 'quantize',
  config: PruneConfig | QuantizeConfig,
  state: StageState,
  makeTask: (evaluate: PruneTask['evaluate'], reward: Reward) => EnvironmentTask,
): Promise<FoundPolicy> {
  if (state.found) return state.found;
  const { host, events } = context;
  events.onStage?.(stage);
  const before = state.search;
  const started = performance.now();
  const seconds = () => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const reward = await host.get(TOKENS.reward, stage);
  const { search: evaluator, confirm } = await context.searchEvaluators(
    config,
    reward.needs === 'divergence' ? context.original : undefined,
  );
  const race =
    config.racing && createRacing(evaluator, config.racing, before?.race, before?.state.best?.reward);
  const evaluations = () => (before?.evaluations ?? 0) + evaluator.evaluations;
  const createEnvironment = await host.get(TOKENS.environment, stage);
  const createAgent = await host.get(TOKENS.agent, stage);
  await context.evaluateBackend.activate();
  const environment = await createEnvironment(makeTask(race?.evaluate ?? evaluateWith(evaluator), reward));
  const { episodes } = config.search;
  const agent = createAgent({
    observationSpace: environment.observationSpace,
    actionSpace: environment.actionSpace,
    maxSteps: environment.maxSteps,
    episodes,
    seed: context.config.seed,
    ...(environment.heuristics && { heuristics: environment.heuristics }),
  });
  const records: EpisodeRecord[] = [...(before?.episodes ?? [])];
  const confirmed = async (other: Evaluator) => {
    const again = await createEnvironment(makeTask(evaluateWith(other), reward));
    try {
      const [first] = await confirmBest({
        records,
        candidates: config.search.confirm!,
        environment: again,
        seed: context.config.seed,
        onNotice: events.onNotice?.bind(events),
      });
      if (!first) return undefined;
      const { episode, reward: searchReward, policy } = first.record;
      const candidates = other.evaluations;
      return {
        policy,
        figures: { candidates, images: other.count, episode, reward: first.reward, searchReward },
      };
    } finally {
      again.dispose?.();
    }
  };
  try {
    const result = await search({
      agent,
      environment,
      episodes,
      warmStart: startOf(config.search, agent, environment),
      seed: context.config.seed,
      ...(before && { resume: before.state }),
      hooks: {
        onEpisode: (record, best) => {
          records.push(race ? race.finished(record, best) : record);
          events.onProgress?.({
            stage,
            done: records.length,
            total: episodes,
            reward: record.reward,
            best: best.reward,
          });
        },
        checkpoint: (snapshot) =>
          context.saveProgress(() => {
            state.search = {
              state: snapshot(),
              episodes: records,
              evaluations: evaluations(),
              seconds: seconds(),
              ...(race && { race: race.state() }),
            };
          }),
        ...(context.shouldStop && { shouldStop: context.shouldStop }),
      },
    });
    requireGoingOn(context);
    const winner = confirm && (await confirmed(confirm));
    const figures = {
      agent: config.agent.use,
      episodes: records.length,
      evaluations: evaluations(),
      ...(race && { images: race.images() }),
      bestReward: result.best.reward,
      ...(winner && { confirmed: winner.figures }),
      seconds: seconds(),
    };
    state.found = { policy: winner?.policy ?? result.best.policy, figures, episodes: records };
    delete state.search;
    await context.saveProgress();
    return state.found;
  } finally {
    agent.dispose();
    environment.dispose?.();
  }
}

/** Measures a candidate on an evaluator's images, or on those that it draws for the candidate's policy. */
function evaluateWith(evaluator: Evaluator): PruneTask['evaluate'] {
  return (graph, candidate) => evaluator.evaluate(graph, candidate && policyDigest(candidate.policy));
}
