import type { Action, Space } from '@tersor/core';
import type { Widths } from '@tersor/network';
import { clamp } from './observation.js';

/** Bit widths, both inclusive. */
export type BitRange = readonly [minimum: number, maximum: number];

/** Translates between an agent's actions and bit widths. */
export interface BitActions {
  readonly space: Space;
  /** Widths chosen in a step: 1 (weights) or 2 (activations too). */
  readonly choices: number;
  toWidths(action: Action): Widths;
  /** The action in the middle of those that give these widths. */
  toAction(widths: Widths): Action;
  /**
   * The action of these widths that is nearest to `proposed`: within one bit width, the agent's own number
   * says more than the middle.
   */
  executed(proposed: Action, widths: Widths): Action;
  /** Widths as numbers in 0..1, one per choice. */
  shares(widths: Widths): readonly number[];
}

/**
 * Continuous: a number `a` in 0..1 per choice, `bits = round((max - min + 1) a + min - 0.5)`, clamped (HAQ,
 * Wang et al., CVPR 2019). Discrete: the index of a width; of two choices, `weight index * (number of
 * activation widths) + activation index`. Activations are a choice only where their range holds more than one
 * width.
 */
export function createBitActions(weights: BitRange, activations: BitRange, discrete: boolean): BitActions {
  const ranges = activations[0] < activations[1] ? [weights, activations] : [weights];
  const choices = ranges.length;
  const counts = ranges.map(([minimum, maximum]) => maximum - minimum + 1);
  const widthsOf = ([first, second]: readonly number[]): Widths => ({
    weights: first!,
    activations: second ?? activations[0],
  });
  const listed = (widths: Widths) => [widths.weights, widths.activations].slice(0, choices);
  const shares = (widths: Widths) =>
    listed(widths).map((bits, i) => (bits - ranges[i]![0] + 0.5) / counts[i]!);
  if (discrete) {
    const toWidths = (action: Action) => {
      const index = Math.round(action[0]!);
      const indexes = choices === 1 ? [index] : [Math.floor(index / counts[1]!), index % counts[1]!];
      return widthsOf(indexes.map((offset, i) => clamp(ranges[i]![0] + offset, ...ranges[i]!)));
    };
    const toAction = (widths: Widths): Action => [
      listed(widths).reduce((index, bits, i) => index * counts[i]! + bits - ranges[i]![0], 0),
    ];
    return {
      space: { type: 'discrete', size: counts.reduce((product, count) => product * count, 1) },
      choices,
      toWidths,
      toAction,
      executed: (_proposed, widths) => toAction(widths),
      shares,
    };
  }
  const toWidths = (action: Action) =>
    widthsOf(ranges.map((range, i) => clamp(Math.round(counts[i]! * action[i]! + range[0] - 0.5), ...range)));
  return {
    space: { type: 'box', low: ranges.map(() => 0), high: ranges.map(() => 1) },
    choices,
    toWidths,
    toAction: shares,
    executed: (proposed, widths) => {
      const wished = listed(toWidths(proposed));
      return shares(widths).map((middle, i) => (listed(widths)[i] === wished[i] ? proposed[i]! : middle));
    },
    shares,
  };
}
