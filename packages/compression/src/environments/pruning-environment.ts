import type { Action, Environment, PruneTask } from '@tersor/core';
import { groupFeatures } from './layer-features.js';
import { clamp } from './observation.js';
import { createPruneChoices } from './prune-choices.js';
import { createPruneOutcomes } from './prune-outcomes.js';
import type { Choice } from './prune-wall.js';
import { stepByStep } from './step-by-step.js';

/**
 * Prunes a network, one step per channel group (AMC, section 3).
 *
 * Observation, in 0..1: group index, dense or not, channels, input channels, output height and width, stride,
 * kernel size, multiply-adds of the group's layers (each min-max normalised over the groups); multiply-adds
 * already removed and those still ahead, as shares of the whole; and the previous action, one number per
 * pruner.
 *
 * Action: one number per pruner: for `channels` the preserve ratio, for `slices` the share of kernel slices
 * kept, each in [minimum, 1]; for `blocks` a number in [0, 1], of which the half and more keeps the block
 * that the group lies in. The budget is a wall: with the groups ahead at their minimum, a step keeps at most
 * as many channels as still meet it (and, where even the fewest do not, as many slices, and else loses its
 * block). MACs and parameters are counted without zeroed slices, but at their most, wherever the pruner
 * zeroes them (see `channelCost`); predicted latency counts zeroed slices, since runtimes do. Every candidate
 * is counted once more when it is made. Throws `BUDGET_INFEASIBLE` when even the minimum of everything does
 * not meet it; `step` throws `BUDGET_EXCEEDED` where a pruner has left more than its plan says.
 */
export function createPruningEnvironment(task: PruneTask): Environment {
  const { groups, pruners, minimum } = task;
  const choices = createPruneChoices(task);
  const { wall, smallest, whole } = choices;
  const { costOf } = wall;
  const total = costOf(whole).macs;
  const features = groupFeatures(task, choices);

  const observe = (chosen: readonly Choice[], previous: Action = pruners.map(() => 1)): number[] => {
    const index = Math.min(chosen.length, groups.length - 1);
    const completed = (rest: readonly Choice[]) => [...chosen, ...rest.slice(chosen.length)];
    const now = costOf(completed(whole)).macsWithoutZeroSlices;
    const ahead = now - costOf(completed(smallest)).macsWithoutZeroSlices;
    return [...features[index]!, clamp(1 - now / total, 0, 1), clamp(ahead / total, 0, 1), ...previous];
  };

  const size = features[0]!.length + 2 + pruners.length;
  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(0), high: Array<number>(size).fill(1) },
    actionSpace: {
      type: 'box',
      low: pruners.map(({ action }) => (action === 'blocks' ? 0 : minimum)),
      high: pruners.map(() => 1),
    },
    maxSteps: groups.length,
    ...stepByStep<Choice>({
      name: 'pruning',
      count: groups.length,
      choose: (action, chosen) => {
        const group = groups[chosen.length]!;
        const choice = choices.limit(chosen, choices.wanted(group, action));
        return { choice, executed: choices.sharesOf(group, choice) };
      },
      observe,
      finish: createPruneOutcomes(task, wall),
    }),
    heuristics: choices.heuristics,
  };
}
