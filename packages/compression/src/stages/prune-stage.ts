import {
  selectorParts,
  TOKENS,
  type LayerGraph,
  type PruneConfig,
  type PrunePlan,
  type Pruner,
  type PruneTask,
} from '@tersor/core';
import type { PipelineContext } from './pipeline-context.js';
import { prunerSelectors, SLOTS } from '../config-slots.js';
import { applyAndAdapt } from '@tersor/network';
import { brokenLimit, requireWithinLimits } from '../limits/require-limits.js';
import { finetune } from './finetune.js';
import { finish } from './finish.js';
import { refine } from './refine.js';
import { plansOf } from '../policy/given-policy.js';
import { requirePlan } from '../policy/require-policy.js';
import { requireGoingOn } from '../run/interruption.js';
import type { PipelineStage } from '../results/pipeline-types.js';
import type { FoundPolicy, StageState } from '../run/run-state.js';
import { searchPolicy } from '../search/search-policy.js';
import { prunableGroups } from '../checks/stage-bounds.js';

export interface PruneResult {
  /** The smaller network after its last fine-tune. */
  readonly graph: LayerGraph;
  /** What each round found: one, unless the config has `stages`. */
  readonly rounds: readonly FoundPolicy[];
}

/**
 * Stage 1, a round for each budget: searches a pruning policy (or takes that which is given), carries it out
 * on the clean network, and fine-tunes it; the next round begins with the network that it leaves.
 */
export async function pruneStage(
  context: PipelineContext,
  config: PruneConfig,
  state: StageState,
): Promise<PruneResult> {
  const { original } = context;
  const rounds = roundsOf(context);
  const before = () => state.rounds?.found ?? [];
  if (state.graph && state.found) return { graph: state.graph, rounds: [...before(), state.found] };
  while (before().length < rounds - 1) {
    const { graph, found } = await pruneRound(context, config, state, state.rounds?.graph ?? original);
    state.rounds = { found: [...before(), found], graph };
    delete state.found;
    delete state.finetune;
    delete state.refined;
    delete state.prepared;
    await context.saveProgress();
  }
  const { graph, found } = await pruneRound(context, config, state, state.rounds?.graph ?? original);
  state.graph = graph;
  delete state.finetune;
  delete state.refined;
  delete state.prepared;
  await context.saveProgress();
  return { graph, rounds: [...before(), found] };
}

/** One round: from `graph` to the smaller network, under the budget whose turn it is. */
async function pruneRound(
  whole: PipelineContext,
  config: PruneConfig,
  state: StageState,
  graph: LayerGraph,
): Promise<{ graph: LayerGraph; found: FoundPolicy }> {
  const round = state.rounds?.found.length ?? 0;
  const context = announcingRound(whole, round + 1);
  const { host, dataset, baseline, original } = context;
  const pruners: Pruner[] = [];
  for (const index of prunerSelectors(config.pruner).keys())
    pruners.push(await host.get(TOKENS.pruner, SLOTS.pruner(index)));
  const groups = prunableGroups(graph, config);
  const given = context.given && plansOf(context.given.policy)[round]!;
  if (given) {
    context.events.onStage?.('prune-apply');
    requirePlan(given, { graph, pruners, exclude: config.exclude });
  }
  let stage: PipelineStage = 'prune-apply';
  if (!given && !state.found) context.events.onStage?.((stage = 'prune-prepare'));
  for (const [index, pruner] of pruners.entries()) {
    const progress = {
      report: (done: number, total: number) =>
        context.events.onProgress?.({ stage, done, total, unit: 'steps' }),
      saved: state.prepared?.[index],
      save: async (saved: unknown) => {
        await context.saveProgress(() => (state.prepared = { ...state.prepared, [index]: saved }));
        requireGoingOn(context);
      },
    };
    await pruner.prepare({
      graph,
      groups,
      dataset,
      backend: context.evaluateBackend,
      seed: context.config.seed,
      progress,
    });
  }
  const limits = context.pruneLimits[Math.min(round, context.pruneLimits.length - 1)]!;
  const chooser =
    config.environment === undefined
      ? undefined
      : `The environment "${selectorParts(config.environment).use}"`;
  const search = () =>
    searchPolicy(context, 'prune', config, state, graph, (evaluate, reward) => ({
      stage: 'prune',
      graph,
      groups,
      pruners,
      reward,
      evaluate: chooser === undefined ? evaluate : withinLimits(evaluate, limits, chooser),
      baseline: { ...baseline, accuracy: baseline.accuracy.validation },
      limits,
      minimum: config.minimum,
      multiple: config.multiple,
    }));
  const found = given ? (state.found = { policy: given, episodes: [] }) : await search();
  // The policy is carried out on clean weights, never on what the last episode left behind.
  // It is adapted on the backend of the search, which a resumed run may not have been on.
  await context.evaluateBackend.activate();
  const smaller = await applyAndAdapt(graph, pruners, found.policy as PrunePlan);
  if (given) noteBroken(context, smaller, limits);
  else
    requireWithinLimits(
      smaller,
      limits,
      chooser ?? `The policy of the search, carried out by ${pruners.map(({ id }) => `"${id}"`).join(', ')},`,
    );
  const finished = () => finish(context, smaller, pruners, found.policy as PrunePlan);
  return {
    graph: await finetune(context, 'prune-finetune', config.finetune, state, {
      graph: await refined(context, config, state, finished),
      teacher: original,
      keepZeros: true,
    }),
    found,
  };
}

/** The finished winner after its refinement, where the config asks for one. */
async function refined(
  context: PipelineContext,
  config: PruneConfig,
  state: StageState,
  finished: () => Promise<LayerGraph>,
): Promise<LayerGraph> {
  if (!config.refine) return finished();
  if (!state.refined) {
    state.refined = await refine(context, 'prune', config.refine, state, { graph: await finished() });
    delete state.refine;
    await context.saveProgress();
  }
  return state.refined;
}

/** Refuses, before it is measured, a candidate that an environment of the user's lets be over the budget. */
function withinLimits(
  evaluate: PruneTask['evaluate'],
  limits: PruneTask['limits'],
  chooser: string,
): PruneTask['evaluate'] {
  return async (graph, candidate) => {
    requireWithinLimits(graph, limits, chooser);
    return evaluate(graph, candidate);
  };
}

/** A policy that is given is carried out, whatever the budget of the config that it is given with. */
function noteBroken({ events }: PipelineContext, graph: LayerGraph, limits: PruneTask['limits']): void {
  const broken = brokenLimit(limits, graph);
  if (!broken) return;
  const { name, limit, of, format } = broken;
  events.onNotice?.(
    `The policy leaves ${format(of(graph), Math.ceil)}, which is over prune.budget.${name} of the config (${format(limit, Math.floor)}).`,
  );
}

function roundsOf({ given, pruneLimits }: PipelineContext): number {
  return given ? plansOf(given.policy).length : pruneLimits.length;
}

/** The same context, whose progress tells the round where there are several. */
function announcingRound(context: PipelineContext, number: number): PipelineContext {
  const { events } = context;
  const of = roundsOf(context);
  if (of === 1) return context;
  return { ...context, events: { ...events, onStage: (stage) => events.onStage?.(stage, { number, of }) } };
}
