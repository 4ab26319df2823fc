import { TOKENS, type LayerGraph, type PruneConfig, type PrunePlan, type Pruner } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { prunerSelectors, SLOTS } from './config-slots.js';
import { finetune } from './finetune.js';
import { requireGoingOn } from './run/interruption.js';
import type { FoundPolicy, StageState } from './run/run-state.js';
import { searchPolicy } from './search-policy.js';
import { prunableGroups } from './stage-bounds.js';
import { applyAndAdapt } from './surgery/apply-plan.js';

export interface PruneResult {
  /** The smaller network after its last fine-tune. */
  readonly graph: LayerGraph;
  /** What each round found: one, unless the config has `stages`. */
  readonly rounds: readonly FoundPolicy[];
}

/**
 * Stage 1, a round for each budget: searches a pruning policy, carries the best one out on the clean network, and fine-tunes it; the next round
 * begins with the network that it leaves.
 */
export async function pruneStage(context: PipelineContext, config: PruneConfig, state: StageState): Promise<PruneResult> {
  const { pruneBudgets, original } = context;
  const before = () => state.rounds?.found ?? [];
  if (state.graph && state.found) return { graph: state.graph, rounds: [...before(), state.found] };
  while (before().length < pruneBudgets.length - 1) {
    const { graph, found } = await pruneRound(context, config, state, state.rounds?.graph ?? original);
    state.rounds = { found: [...before(), found], graph };
    delete state.found;
    delete state.finetune;
    delete state.prepared;
    await context.saveProgress();
  }
  const { graph, found } = await pruneRound(context, config, state, state.rounds?.graph ?? original);
  state.graph = graph;
  delete state.finetune;
  delete state.prepared;
  await context.saveProgress();
  return { graph, rounds: [...before(), found] };
}

/** One round: from `graph` to the smaller network, under the budget whose turn it is. */
async function pruneRound(whole: PipelineContext, config: PruneConfig, state: StageState, graph: LayerGraph): Promise<{ graph: LayerGraph; found: FoundPolicy }> {
  const round = state.rounds?.found.length ?? 0;
  const context = announcingRound(whole, round + 1);
  const { host, dataset, baseline, original } = context;
  const pruners: Pruner[] = [];
  for (const index of prunerSelectors(config.pruner).keys()) pruners.push(await host.get(TOKENS.pruner, SLOTS.pruner(index)));
  const groups = prunableGroups(graph, config);
  for (const [index, pruner] of pruners.entries()) {
    const progress = {
      saved: state.prepared?.[index],
      save: async (saved: unknown) => {
        await context.saveProgress(() => (state.prepared = { ...state.prepared, [index]: saved }));
        requireGoingOn(context);
      },
    };
    await pruner.prepare({ graph, groups, dataset, seed: context.config.seed, progress });
  }
  const found = await searchPolicy(context, 'prune', config, state, (evaluate, reward) => ({
    stage: 'prune',
    graph,
    groups,
    pruners,
    reward,
    evaluate,
    baseline: { ...baseline, accuracy: baseline.accuracy.validation },
    budget: context.pruneBudgets[round]!,
    minimum: config.minimum,
    round: config.round,
  }));
  // The best policy is carried out on clean weights, never on what the last episode left behind.
  // It is adapted on the backend of the search, which a resumed run may not have been on.
  await context.evaluateBackend.activate();
  const smaller = await applyAndAdapt(graph, pruners, found.policy as PrunePlan);
  return { graph: await finetune(context, 'prune-finetune', config.finetune, state, { graph: smaller, teacher: original, keepZeros: true }), found };
}

/** The same context, whose progress tells the round where there are several. */
function announcingRound(context: PipelineContext, number: number): PipelineContext {
  const { events, pruneBudgets } = context;
  if (pruneBudgets.length === 1) return context;
  return { ...context, events: { ...events, onStage: (stage) => events.onStage?.(stage, { number, of: pruneBudgets.length }) } };
}
