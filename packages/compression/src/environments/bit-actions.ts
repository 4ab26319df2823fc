import type { Action, LayerBits, Space } from '@tersor/core';
import { clamp } from './observation.js';

/** Fewest and most bits, both inclusive. */
export type BitRange = readonly [minimum: number, maximum: number];

/** Translates between an agent's actions and bits. */
export interface BitActions {
  readonly space: Space;
  /** Numbers of bits chosen in a step: 1 (weights) or 2 (activations too). */
  readonly choices: number;
  toBits(action: Action): LayerBits;
  /** The action in the middle of those that give these bits. */
  toAction(bits: LayerBits): Action;
  /**
   * The action of these bits that is nearest to `proposed`: within one number of bits, the agent's own number
   * says more than the middle.
   */
  executed(proposed: Action, bits: LayerBits): Action;
  /** Bits as numbers in 0..1, one per choice. */
  shares(bits: LayerBits): readonly number[];
}

/**
 * Continuous: a number `a` in 0..1 per choice, `bits = round((max - min + 1) a + min - 0.5)`, clamped (HAQ,
 * Wang et al., CVPR 2019). Discrete: the index of the bits; of two choices, `weight index * (activation
 * choices) + activation index`. Activations are a choice only where their range holds more than one.
 */
export function createBitActions(weights: BitRange, activations: BitRange, discrete: boolean): BitActions {
  const ranges = activations[0] < activations[1] ? [weights, activations] : [weights];
  const choices = ranges.length;
  const counts = ranges.map(([minimum, maximum]) => maximum - minimum + 1);
  const bitsOf = ([first, second]: readonly number[]): LayerBits => ({
    weights: first!,
    activations: second ?? activations[0],
  });
  const listed = (bits: LayerBits) => [bits.weights, bits.activations].slice(0, choices);
  const shares = (bits: LayerBits) =>
    listed(bits).map((amount, i) => (amount - ranges[i]![0] + 0.5) / counts[i]!);
  if (discrete) {
    const toBits = (action: Action) => {
      const index = Math.round(action[0]!);
      const indexes = choices === 1 ? [index] : [Math.floor(index / counts[1]!), index % counts[1]!];
      return bitsOf(indexes.map((offset, i) => clamp(ranges[i]![0] + offset, ...ranges[i]!)));
    };
    const toAction = (bits: LayerBits): Action => [
      listed(bits).reduce((index, amount, i) => index * counts[i]! + amount - ranges[i]![0], 0),
    ];
    return {
      space: { type: 'discrete', size: counts.reduce((product, count) => product * count, 1) },
      choices,
      toBits,
      toAction,
      executed: (_proposed, bits) => toAction(bits),
      shares,
    };
  }
  const toBits = (action: Action) =>
    bitsOf(ranges.map((range, i) => clamp(Math.round(counts[i]! * action[i]! + range[0] - 0.5), ...range)));
  return {
    space: { type: 'box', low: ranges.map(() => 0), high: ranges.map(() => 1) },
    choices,
    toBits,
    toAction: shares,
    executed: (proposed, bits) => {
      const wished = listed(toBits(proposed));
      return shares(bits).map((middle, i) => (listed(bits)[i] === wished[i] ? proposed[i]! : middle));
    },
    shares,
  };
}
