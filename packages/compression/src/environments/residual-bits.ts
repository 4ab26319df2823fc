import type { Action, LayerBits, QuantizeTask } from '@tersor/core';
import type { BitChoices } from './bit-choices.js';
import { activationBits } from './bit-walls.js';
import type { ErrorOf } from './least-error-bits.js';
import { clamp } from './observation.js';
import { largestShift, residualsBetween } from './residual-shift.js';

/**
 * Bits around a reference. Residuals are one list per layer: a number in [-1, 1] for its weights, and another
 * for its inputs where these are a choice.
 */
export interface ResidualBits {
  /** The common shift that these residuals get, in bits. */
  shift(residuals: readonly Action[]): number;
  /** The bits that residuals are carried out as. */
  bits(residuals: readonly Action[]): readonly LayerBits[];
  /** Bits at a given shift, whether they keep the limits or not: never fewer at a larger one. */
  at(residuals: readonly Action[], shift: number): readonly LayerBits[];
  /** The residuals that come nearest to bits. */
  towards(bits: readonly LayerBits[]): readonly Action[];
}

/**
 * Each layer has a level, `reference + scale * residual + shift`, with the largest shift, the same for all,
 * at which the levels rounded down keep all limits. What is left of the limits goes to fractional parts: one
 * more bit for layers in the order of the error that it takes away per byte, as long as it fits.
 * Bits of activations, which cost no bytes, then rise together as far as the limits let them. Residuals that
 * are all zero give the reference itself; limits that the most bits keep need no shift, and levels are then
 * rounded to the nearest.
 *
 * @param errorOf what a layer, by its place, loses at so many bits
 * @param reference bits that keep all limits
 */
export function createResidualBits(
  task: Pick<QuantizeTask, 'bits' | 'activations'>,
  { layers, codes, walls: { fits } }: Pick<BitChoices, 'layers' | 'codes' | 'walls'>,
  errorOf: ErrorOf,
  reference: readonly LayerBits[],
  scale: number,
): ResidualBits {
  const range = { weights: task.bits, activations: activationBits(task) };
  /** Beyond this every layer has its fewest, or its most. */
  const reach = 16 + scale;
  const most = layers.map(() => ({ weights: range.weights[1], activations: range.activations[1] }));
  const rounded = (
    residuals: readonly Action[],
    round: (level: number) => number,
    weightShift: number,
    activationShift = weightShift,
  ): LayerBits[] =>
    reference.map(({ weights, activations }, i) => {
      const [residual, second = 0] = residuals[i]!;
      return {
        weights: clamp(round(weights + scale * residual! + weightShift), ...range.weights),
        activations: clamp(round(activations + scale * second + activationShift), ...range.activations),
      };
    });
  const shift = (residuals: readonly Action[]) =>
    fits(most) ? 0 : largestShift((each) => fits(rounded(residuals, Math.floor, each)), reach);
  const withFractions = (bits: LayerBits[]): LayerBits[] => {
    const gains = layers.map((layer, i) => {
      const { weights } = bits[i]!;
      if (weights >= range.weights[1]) return 0;
      const price = Math.max(1, codes.size(layer, weights + 1) - codes.size(layer, weights));
      return (errorOf(i, weights) - errorOf(i, weights + 1)) / price;
    });
    const order = [...layers.keys()].filter((i) => gains[i]! > 0).sort((a, b) => gains[b]! - gains[a]!);
    for (const i of order) {
      const more = bits.with(i, { ...bits[i]!, weights: bits[i]!.weights + 1 });
      if (fits(more)) bits = more;
    }
    return bits;
  };
  const withActivations = (residuals: readonly Action[], bits: LayerBits[], from: number): LayerBits[] => {
    if (range.activations[0] === range.activations[1]) return bits;
    const raised = (each: number) =>
      rounded(residuals, Math.floor, from, Math.max(from, each)).map(({ activations }, i) => ({
        ...bits[i]!,
        activations,
      }));
    return raised(largestShift((each) => fits(raised(each)), reach));
  };
  const isReference = (residuals: readonly Action[]) =>
    residuals.every((residual) => residual.every((value) => value === 0));
  return {
    shift: (residuals) => (isReference(residuals) ? 0 : shift(residuals)),
    bits: (residuals) => {
      if (isReference(residuals)) return reference;
      if (fits(most)) return rounded(residuals, Math.round, 0);
      const common = shift(residuals);
      return withActivations(residuals, withFractions(rounded(residuals, Math.floor, common)), common);
    },
    at: (residuals, each) => rounded(residuals, Math.floor, each),
    towards: (bits) => {
      const weights = residualsBetween(
        reference.map((each) => each.weights),
        bits.map((each) => each.weights),
        scale,
      );
      if (range.activations[0] === range.activations[1]) return weights.map((each) => [each]);
      const activations = residualsBetween(
        reference.map((each) => each.activations),
        bits.map((each) => each.activations),
        scale,
      );
      return weights.map((each, i) => [each, activations[i]!]);
    },
  };
}
