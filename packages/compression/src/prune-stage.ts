import { TOKENS, type LayerGraph, type PruneConfig, type PrunePlan, type Pruner } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { prunerSelectors, SLOTS } from './config-slots.js';
import { finetune } from './finetune.js';
import { channelGroups } from './groups/channel-groups.js';
import { matchesAny } from './layer-patterns.js';
import { requireGoingOn } from './run/interruption.js';
import type { FoundPolicy, StageState } from './run/run-state.js';
import { searchPolicy } from './search-policy.js';
import { applyPlan } from './surgery/apply-plan.js';

export interface PruneResult extends FoundPolicy {
  /** The smaller network after its fine-tune. */
  readonly graph: LayerGraph;
  readonly plan: PrunePlan;
}

/** Stage 1: searches a pruning policy, carries the best one out on the clean network, and fine-tunes it. */
export async function pruneStage(context: PipelineContext, config: PruneConfig, state: StageState): Promise<PruneResult> {
  const { host, dataset, original: graph, baseline } = context;
  if (state.graph && state.found) return { graph: state.graph, plan: state.found.policy as PrunePlan, ...state.found };
  const pruners: Pruner[] = [];
  for (const index of prunerSelectors(config.pruner).keys()) pruners.push(await host.get(TOKENS.pruner, SLOTS.pruner(index)));
  const groups = channelGroups(graph).groups.filter((group) => !group.members.some(({ layer, role }) => role === 'produces' && matchesAny(layer, config.exclude)));
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
    budget: context.pruneBudget!,
    minimum: config.minimum,
    round: config.round,
  }));
  const plan = found.policy as PrunePlan;
  // The best policy is carried out on clean weights, never on what the last episode left behind.
  const smaller = applyPlan(graph, pruners, plan);
  state.graph = await finetune(context, 'prune-finetune', config.finetune, state, { graph: smaller, teacher: graph, keepZeros: true });
  delete state.finetune;
  delete state.prepared;
  await context.saveProgress();
  return { graph: state.graph, plan, ...found };
}
