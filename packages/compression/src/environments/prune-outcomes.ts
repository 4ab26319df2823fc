import type { Evaluation, PrunePlan, PruneTask } from '@tersor/core';
import { applyAndAdapt } from '@tersor/network';
import { costOnce } from '../limits/cost-limits.js';
import { figuresOf, furtherFigures } from '../limits/figures.js';
import { planOf, type Choice, type PruneWall } from './prune-wall.js';

/** How an episode of stage 1 ends. */
export interface PruneOutcome {
  readonly policy: PrunePlan;
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

/**
 * Carries choices for all groups out on the clean network and measures what they leave; choices that come up
 * again are answered from memory. Throws `BUDGET_EXCEEDED` where a pruner has left more than its plan says.
 */
export function createPruneOutcomes(
  task: PruneTask,
  { requireKept }: PruneWall,
): (choices: readonly Choice[]) => Promise<PruneOutcome> {
  const { graph, groups, pruners, limits } = task;
  const outcomes = new Map<string, PruneOutcome>();
  return async (choices) => {
    const key = JSON.stringify(choices);
    const known = outcomes.get(key);
    if (known) return known;
    const policy = planOf(pruners, groups, choices);
    const candidate = await applyAndAdapt(graph, pruners, policy);
    requireKept({ candidate, plan: policy, choices });
    const { macs, macsWithoutZeroSlices, parameters } = costOnce(candidate);
    const used = figuresOf(limits, candidate);
    const costs = {
      macs: macsWithoutZeroSlices,
      denseMacs: macs,
      parameters,
      bytes: parameters * 4,
    };
    const measured = { ...costs, ...furtherFigures(used, costs) };
    const rewardOf = (evaluation: Evaluation) =>
      task.reward.evaluate({ ...evaluation, ...measured, limits: used, baseline: task.baseline });
    const rewardAt = (accuracy: number, divergence?: number) =>
      rewardOf({ accuracy, ...(divergence !== undefined && { divergence }) });
    const evaluation = await task.evaluate(candidate, { policy, rewardAt });
    const outcome = { policy, reward: rewardOf(evaluation), measures: { ...evaluation, ...measured } };
    outcomes.set(key, outcome);
    return outcome;
  };
}
