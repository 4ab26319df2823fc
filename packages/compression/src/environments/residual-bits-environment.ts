import type { Action, Environment, LayerBits, QuantizeTask, Space } from '@tersor/core';
import type { BitRange } from './bit-actions.js';
import { createBitChoices, type BitChoices } from './bit-choices.js';
import { createBitOutcomes, writtenPolicy } from './bit-outcomes.js';
import { activationBits } from './bit-walls.js';
import { layerFeatures } from './layer-features.js';
import { centredColumns, clamp } from './observation.js';
import type { ErrorOf } from './least-error-bits.js';
import { remembering } from './remember.js';
import { createResidualBits } from './residual-bits.js';
import { referenceName, type ResidualOptions } from './residual-reference.js';
import { residualWalk } from './residual-walk.js';

/** Residuals that an agent with discrete actions chooses from, for each choice of a step. */
const STEPS: readonly number[] = [-1, -0.5, 0, 0.5, 1];
const LEAST_ERROR = 1e-9;

/**
 * Chooses bits around a heuristic's, one step per layer: see `createResidualBits`.
 *
 * Observation, in [-1, 1]: the eight features of `layerFeatures`; of the reference, the layer's bits, what
 * it takes of the tightest limit beyond its fewest bits, its error (as its logarithm), and the error that one
 * more bit would take away per byte (likewise), each normalised over the layers; the common
 * shift so far, if the layers ahead stay at the reference (its hyperbolic tangent); the previous action, one
 * number or, with a range of activation bits, two.
 *
 * Action: one number in [-1, 1] for the weights and, with a range of activation bits, one for these; or, for
 * discrete actions, the index of one of the residuals -1, -0.5, 0, 0.5 and 1, of two choices `weights index *
 * 5 + activations index`. Throws `BUDGET_INFEASIBLE` when even the fewest bits do not keep the limits, and
 * `CONFIG_INVALID` for a reference that is not offered.
 */
export async function createResidualBitsEnvironment(
  task: QuantizeTask,
  options: ResidualOptions,
): Promise<Environment> {
  const choices = createBitChoices(task);
  const { layers, heuristics } = choices;
  const names = Object.keys(heuristics);
  const reference = await heuristics[referenceName(options, names, 'quantize')]!();
  const errorOf = await choices.errors();
  const residual = createResidualBits(task, choices, errorOf, reference, options.scale);
  const actions = residualBitActions(activationBits(task), task.discrete);
  const bitsFor = remembering((taken) => residual.bits(taken.map(actions.toResidual)));
  const features = observedOf(task, choices, errorOf, reference);
  const outcomeOf = createBitOutcomes(task, choices);
  const unmoved = Array<number>(actions.choices).fill(0);
  return residualWalk({
    actionSpace: actions.space,
    features,
    size: 1 + actions.choices,
    observe: (taken) => {
      const residuals = taken.map(actions.toResidual);
      return [
        Math.tanh(residual.shift(layers.map((_layer, i) => residuals[i] ?? unmoved))),
        ...(residuals.at(-1) ?? unmoved),
      ];
    },
    finish: (taken) => outcomeOf(bitsFor(taken)),
    effectsOf: (taken) =>
      bitsFor(taken).map(({ weights, activations }, i) => {
        const before = reference[i]!;
        const changed = [weights - before.weights, activations - before.activations].slice(
          0,
          actions.choices,
        );
        const error = Math.log10(
          Math.max(LEAST_ERROR, errorOf(i, weights)) / Math.max(LEAST_ERROR, errorOf(i, before.weights)),
        );
        return [...changed.map((bits) => bits / options.scale), error].map((value) => clamp(value, -1, 1));
      }),
    guess: (taken) => {
      const bits = bitsFor(taken);
      const error = bits.reduce((sum, { weights }, i) => sum + errorOf(i, weights), 0);
      return -Math.log10(Math.max(LEAST_ERROR, error));
    },
    policyOf: (taken) => writtenPolicy(task, bitsFor(taken)),
    heuristics: Object.fromEntries(
      names.map((name) => [
        name,
        async () => residual.towards(await heuristics[name]!()).map(actions.toAction),
      ]),
    ),
  });
}

/**
 * Actions of the environment `residual` in stage 2, and the residuals that they stand for, where activations
 * have a range of bits.
 */
export function residualBitActions(
  [fewest, most]: BitRange,
  discrete: boolean,
): {
  readonly space: Space;
  /** Numbers of bits chosen in a step: 1 (weights) or 2 (activations too). */
  readonly choices: number;
  toResidual(action: Action): Action;
  /** The action whose residuals are nearest. */
  toAction(residual: Action): Action;
} {
  const choices = fewest < most ? 2 : 1;
  if (!discrete) {
    const ends = Array<number>(choices).fill(1);
    return {
      space: { type: 'box', low: ends.map((end) => -end), high: ends },
      choices,
      toResidual: (action) => action,
      toAction: (residual) => residual,
    };
  }
  const count = STEPS.length;
  const nearest = (value: number) =>
    STEPS.reduce((best, step, i) => (Math.abs(step - value) < Math.abs(STEPS[best]! - value) ? i : best), 0);
  return {
    space: { type: 'discrete', size: count ** choices },
    choices,
    toResidual: ([index]) =>
      (choices === 1 ? [index!] : [Math.floor(index! / count), index! % count]).map((i) => STEPS[i]!),
    toAction: (residual) => [residual.reduce((index, value) => index * count + nearest(value), 0)],
  };
}

/** What is seen of each layer whatever the actions: numbers in [-1, 1]. */
function observedOf(
  { graph, bits: [fewest, most] }: QuantizeTask,
  { layers, codes, walls }: BitChoices,
  errorOf: ErrorOf,
  reference: readonly LayerBits[],
): number[][] {
  const tightest = walls.limits.reduce((a, b) =>
    a.of(reference) / a.limit >= b.of(reference) / b.limit ? a : b,
  );
  const used = (bits: readonly LayerBits[]) => tightest.of(bits) / tightest.limit;
  const known = layers.map((layer, i) => {
    const { weights } = reference[i]!;
    const error = errorOf(i, weights);
    const price = Math.max(1, codes.size(layer, Math.min(most, weights + 1)) - codes.size(layer, weights));
    const gain = weights < most ? (error - errorOf(i, weights + 1)) / price : 0;
    return [
      weights,
      used(reference) - used(reference.with(i, { ...reference[i]!, weights: fewest })),
      Math.log10(Math.max(LEAST_ERROR, error)),
      Math.log10(Math.max(LEAST_ERROR, gain)),
    ];
  });
  const features = layerFeatures(graph, layers);
  return centredColumns(features.map((row, i) => [...row, ...known[i]!]));
}
