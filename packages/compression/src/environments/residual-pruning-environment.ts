import type { Environment, PruneTask } from '@tersor/core';
import { groupFeatures } from './layer-features.js';
import { centredColumns, clamp } from './observation.js';
import { createPruneChoices, type PruneChoices } from './prune-choices.js';
import { createPruneOutcomes } from './prune-outcomes.js';
import { planOf, type Choice } from './prune-wall.js';
import { remembering } from './remember.js';
import { createResidualChoices } from './residual-choices.js';
import { referenceName, type ResidualOptions } from './residual-reference.js';
import { residualWalk } from './residual-walk.js';

/** The error at the reference, and what it rises by, are taken over this share of a group's channels. */
const WINDOW = 1 / 16;
/** Errors below this share of their sum look alike. */
const LEAST_ERROR = 1e-6;

type ErrorCurves = readonly ArrayLike<number>[];

/**
 * Prunes a network around a heuristic's policy, one step per channel group: see `createResidualChoices`.
 *
 * Observation, in [-1, 1]: the nine features of `groupFeatures`; of the reference, the share of the group's
 * channels that it keeps, what the group takes of the tightest limit beyond its fewest channels, the error
 * that its removals leave (as its logarithm), and the error that the next channels would add for what they
 * would save (likewise); each normalised over the groups, the two errors only where a pruner knows them (see
 * `Pruner.removalErrors`), else 0. Then the common shift so far, if the groups ahead stay at the reference
 * (its hyperbolic tangent), and the previous action. What is known before is the environment's `features`;
 * its `guess` is minus the logarithm of the errors of all removals together.
 *
 * Action: one number in [-1, 1] per pruner. Throws `BUDGET_INFEASIBLE` when even the minimum of everything
 * does not keep the budget, and `CONFIG_INVALID` for a reference that is not offered; `step` throws
 * `BUDGET_EXCEEDED` where a pruner has left more than its plan says.
 */
export async function createResidualPruningEnvironment(
  task: PruneTask,
  options: ResidualOptions,
): Promise<Environment> {
  const { groups, pruners } = task;
  const choices = createPruneChoices(task);
  /** What the environment with the wall makes of a heuristic. */
  const choicesOf = async (name: string): Promise<readonly Choice[]> => {
    const actions = await choices.heuristics[name]!();
    return groups.reduce<readonly Choice[]>(
      (chosen, group, i) => [...chosen, choices.limit(chosen, choices.wanted(group, actions[i]!))],
      [],
    );
  };
  const names = Object.keys(choices.heuristics);
  const reference = await choicesOf(referenceName(options, names, 'prune'));
  const residual = createResidualChoices(task, choices, reference, options.scale);
  const choicesFor = remembering(residual.choices);
  const curves = await errorCurves(task);
  const errors = curves && ((given: readonly Choice[]) => errorOf(task, curves, given));
  const features = observedOf(task, choices, reference, curves);
  const outcomeOf = createPruneOutcomes(task, choices.wall);
  const least = errors ? LEAST_ERROR * errors(reference) : 0;
  /** Orders of magnitude by which the error of a group's removals differs from the reference's. */
  const errorChange = (i: number, keep: number) => {
    if (!curves) return 0;
    const at = (kept: number) => curves[i]![groups[i]!.channels - kept]! + least;
    return clamp(Math.log10(at(keep) / at(reference[i]!.keep) || 1), -1, 1);
  };
  const unmoved = pruners.map(() => 0);
  return residualWalk({
    actionSpace: { type: 'box', low: pruners.map(() => -1), high: pruners.map(() => 1) },
    features,
    size: 1 + pruners.length,
    observe: (actions) => [
      Math.tanh(residual.shift(groups.map((_group, i) => actions[i] ?? unmoved))),
      ...(actions.at(-1) ?? unmoved),
    ],
    finish: (actions) => outcomeOf(choicesFor(actions)),
    effectsOf: (actions) => {
      const chosen = choicesFor(actions);
      const changes = residual.changes(chosen);
      return chosen.map(({ keep }, i) => [...changes[i]!, errorChange(i, keep)]);
    },
    guess: errors && ((actions) => -Math.log10(Math.max(LEAST_ERROR, errors(choicesFor(actions))))),
    policyOf: (actions) => planOf(pruners, groups, choicesFor(actions)),
    heuristics: Object.fromEntries(
      names.map((name) => [name, async () => residual.towards(await choicesOf(name))]),
    ),
  });
}

/** Of each group, the error that so many removals leave, where a pruner knows it. */
async function errorCurves({ groups, pruners }: PruneTask): Promise<ErrorCurves | undefined> {
  const knowing = pruners.find(({ action, removalErrors }) => action === 'channels' && removalErrors);
  return knowing?.removalErrors!(groups);
}

/** The errors of all groups' removals, added up: what the heuristic `reconstruction` makes small. */
function errorOf({ groups }: PruneTask, curves: ErrorCurves, choices: readonly Choice[]): number {
  return choices.reduce((sum, { keep }, i) => sum + curves[i]![groups[i]!.channels - keep]!, 0);
}

/** What is seen of each group whatever the actions: numbers in [-1, 1]. */
function observedOf(
  task: PruneTask,
  choices: PruneChoices,
  reference: readonly Choice[],
  curves: ErrorCurves | undefined,
): number[][] {
  const { groups, multiple } = task;
  const { wall, smallest } = choices;
  const tightest = wall.limits.reduce((a, b) =>
    a.of(reference) / a.limit >= b.of(reference) / b.limit ? a : b,
  );
  const used = (given: readonly Choice[]) => tightest.of(given) / tightest.limit;
  const saved = (i: number, keep: number) =>
    used(reference) - used(reference.with(i, { ...reference[i]!, keep }));
  const errorAt = (i: number, keep: number) => curves![i]![groups[i]!.channels - keep]!;
  const sum = curves && errorOf(task, curves, reference);
  const errorsOf = (i: number): number[] => {
    if (!curves) return [0, 0];
    const { keep } = reference[i]!;
    const window = Math.max(1, Math.round((groups[i]!.channels * WINDOW) / multiple)) * multiple;
    const fewer = Math.max(smallest[i]!.keep, keep - window);
    const rise = (errorAt(i, fewer) - errorAt(i, keep)) / Math.max(1e-9, saved(i, fewer));
    return [
      Math.log10(Math.max(LEAST_ERROR, errorAt(i, keep) / (sum || 1))),
      fewer === keep ? 0 : Math.log10(Math.max(LEAST_ERROR, rise / (sum || 1))),
    ];
  };
  const known = groups.map((group, i) => {
    const { keep } = reference[i]!;
    return [keep / group.channels, saved(i, smallest[i]!.keep), ...errorsOf(i)];
  });
  const features = groupFeatures(task, choices);
  return centredColumns(features.map((row, i) => [...row, ...known[i]!]));
}
