import {
  TOKENS,
  type AgentTask,
  type EnvironmentTask,
  type LayerGraph,
  type PruneConfig,
  type PruneTask,
  type QuantizeConfig,
  type Reward,
} from '@tersor/core';
import { createAgentCopies, search, type EpisodeRecord, type Walker } from '@tersor/rl';
import type { PipelineContext } from '../stages/pipeline-context.js';
import type { Evaluator, Measurement } from '../training/evaluator.js';
import { confirmBest } from './confirm.js';
import { requireStudent } from './memory.js';
import { policyDigest } from './policy-digest.js';
import { createRacing, imagesOf, withImages } from './racing.js';
import type { SearchEvaluators } from './search-images.js';
import { repeatEpisodes } from './repeat-episodes.js';
import { startOf } from './start-of.js';
import { requireGoingOn } from '../run/interruption.js';
import type { FoundPolicy, StageState } from '../run/run-state.js';
import { startEpisodePool, type EpisodePool } from './workers/episode-pool.js';

/**
 * Runs one stage's search: its agent against its environment, both chosen by the config; from a checkpoint
 * where there is one. With `search.parallel` the candidates are measured by processes of their own.
 *
 * @param graph the network that the stage begins with
 * @param makeTask with `isConfirming` for the few candidates among which the winner is chosen, which may be
 *   made with the care that the winner gets
 */
export async function searchPolicy(
  context: PipelineContext,
  stage: 'prune' | 'quantize',
  config: PruneConfig | QuantizeConfig,
  state: StageState,
  graph: LayerGraph,
  makeTask: (evaluate: PruneTask['evaluate'], reward: Reward, isConfirming?: boolean) => EnvironmentTask,
): Promise<FoundPolicy> {
  if (state.found) return state.found;
  const { host, events } = context;
  const reward = await host.get(TOKENS.reward, stage);
  if (context.serve) return context.serve(config, (evaluate) => makeTask(evaluate, reward));
  events.onStage?.(stage);
  const before = state.search;
  const started = performance.now();
  const seconds = () => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const { episodes, parallel = 1 } = config.search;
  const done = before?.episodes.length ?? 0;
  events.onProgress?.({ stage, done, total: episodes, unit: 'episodes' });
  let made: Promise<SearchEvaluators> | undefined;
  const evaluators = () => (made ??= context.searchEvaluators(stage, config));
  const measuring =
    parallel > 1 ? measureInProcesses() : measureHere((await evaluators()).search, config, before);
  const createEnvironment = await host.get(TOKENS.environment, stage);
  const createAgent = await host.get(TOKENS.agent, stage);
  await context.evaluateBackend.activate();
  const environment = await createEnvironment(makeTask(measuring.evaluate, reward));
  const task: AgentTask = {
    observationSpace: environment.observationSpace,
    actionSpace: environment.actionSpace,
    maxSteps: environment.maxSteps,
    episodes,
    seed: context.config.seed,
    ...(environment.heuristics && { heuristics: environment.heuristics }),
    ...(environment.features && { features: environment.features }),
    ...(environment.guess && { guess: (actions) => environment.guess!(actions) }),
    ...(environment.observationsOf && {
      observationsOf: (actions) => environment.observationsOf!(actions),
    }),
    ...(environment.effectsOf && { effectsOf: (actions) => environment.effectsOf!(actions) }),
    ...(environment.policyOf && { policyOf: (actions) => environment.policyOf!(actions) }),
  };
  let agent = createAgent(task);
  if (parallel > 1 && !agent.lanes) {
    agent.dispose();
    agent = createAgentCopies(createAgent, task, parallel);
  }
  const records: EpisodeRecord[] = [...(before?.episodes ?? [])];
  const memory = context.memory?.[stage] ?? { own: [], others: [] };
  requireStudent(agent, stage, config.agent.use, memory);
  const { own, others } = memory;
  const earlier = own.length > 0 && {
    best: own.reduce((most, each) => (each.reward > most.reward ? each : most)).actions,
    episodes: async () =>
      repeatEpisodes(own, {
        stage,
        createEnvironment: (evaluate) => createEnvironment(makeTask(evaluate, reward)),
        onNotice: events.onNotice?.bind(events),
      }),
  };
  const confirmed = async (other: Evaluator) => {
    const again = await createEnvironment(makeTask(evaluateWith(other), reward, true));
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
      ...(earlier && { earlier }),
      others,
      ...(measuring.walkers && { walkers: measuring.walkers() }),
      ...(before && { resume: before.state }),
      hooks: {
        beforeBatch: (best) => measuring.begin(best?.reward ?? -Infinity),
        onEpisode: (record, best) => {
          const finished = measuring.finished(record, best);
          records.push(finished);
          events.onEpisode?.(stage, finished);
          events.onProgress?.({
            stage,
            done: records.length,
            total: episodes,
            unit: 'episodes',
            reward: record.reward,
            best: best.reward,
          });
        },
        checkpoint: (snapshot) =>
          context.saveProgress(() => {
            state.search = {
              state: snapshot(),
              episodes: [...records],
              evaluations: measuring.evaluations(),
              seconds: seconds(),
              ...(config.racing && { race: measuring.measured() }),
            };
          }),
        ...(context.shouldStop && { shouldStop: context.shouldStop }),
      },
    });
    requireGoingOn(context);
    const confirm = config.search.confirm === undefined ? undefined : (await evaluators()).confirm;
    const winner = confirm && (await confirmed(confirm));
    const figures = {
      agent: config.agent.use,
      episodes: records.length,
      evaluations: measuring.evaluations(),
      ...(config.racing && { images: imagesOf(measuring.measured()) }),
      bestReward: result.best.reward,
      ...(winner && { confirmed: winner.figures }),
      seconds: seconds(),
      ...(environment.features && { features: environment.features.map((row) => row.map(rounded)) }),
    };
    state.found = { policy: winner?.policy ?? result.best.policy, figures, episodes: records };
    delete state.search;
    await context.saveProgress();
    return state.found;
  } finally {
    measuring.dispose();
    agent.dispose();
    environment.dispose?.();
  }

  /** Processes of their own; this one walks only heuristics that measure. */
  function measureInProcesses(): Measuring {
    const measured = new Map<string, Measurement>(before?.race);
    const earlier = config.racing ? 0 : (before?.evaluations ?? 0);
    let best = -Infinity;
    const { rounds, prepared, activations } = state;
    let pool: EpisodePool | undefined;
    const start = () =>
      (pool ??= startEpisodePool({
        setup: {
          config: context.config,
          ...context.places,
          stage,
          graph,
          state: {
            ...(rounds && { rounds }),
            ...(prepared && { prepared }),
            ...(activations && { activations }),
          },
          baseline: context.baseline,
          precision: context.precision,
        },
        lanes: parallel,
        measured,
        best: () => best,
        onNotice: (text) => events.onNotice?.(text),
      }));
    return {
      evaluate: async (network, candidate) => evaluateWith((await evaluators()).search)(network, candidate),
      walkers: () => start().walkers,
      begin: (reward) => void (best = reward),
      finished: (record) => (config.racing ? withImages(record, measured) : record),
      measured: () => measured,
      // Of a policy that several have measured, one counts: who measures what is chance.
      evaluations: () => earlier + measured.size + (pool?.unnamed() ?? 0),
      dispose: () => pool?.dispose(),
    };
  }
}

/** How a search measures its candidates. */
interface Measuring {
  readonly evaluate: PruneTask['evaluate'];
  /** Starts what walks the episodes instead of the environment. */
  walkers?(): readonly Walker[];
  begin(best: number): void;
  finished(record: EpisodeRecord, best: EpisodeRecord): EpisodeRecord;
  measured(): ReadonlyMap<string, Measurement>;
  evaluations(): number;
  dispose(): void;
}

/** In this process, one after the other. */
function measureHere(
  evaluator: Evaluator,
  config: PruneConfig | QuantizeConfig,
  before: StageState['search'],
): Measuring {
  const racing =
    config.racing && createRacing(evaluator, config.racing, before?.race, before?.state.best?.reward);
  return {
    evaluate: racing?.evaluate ?? evaluateWith(evaluator),
    begin: () => undefined,
    finished: (record, best) => racing?.finished(record, best) ?? record,
    measured: () => racing?.state() ?? new Map(),
    evaluations: () => (before?.evaluations ?? 0) + evaluator.evaluations,
    dispose: () => undefined,
  };
}

/** Measures a candidate on an evaluator's images, or on those that it draws for the candidate's policy. */
function evaluateWith(evaluator: Evaluator): PruneTask['evaluate'] {
  return (graph, candidate) => evaluator.evaluate(graph, candidate && policyDigest(candidate.policy));
}

/** To four places, as `summary.json` has it. */
function rounded(value: number): number {
  return Number(value.toFixed(4));
}
