import type { Transition } from '@tersor/core';
import type { AdamState, Lanes } from '@tersor/rl';

/** A network's parameters, the slowly following target's, and the optimizer's state. */
export interface Learner {
  readonly parameters: Float32Array;
  readonly target: Float32Array;
  readonly adam: AdamState;
}

/** What the agent saves. */
export interface DdpgState {
  readonly actor: Learner;
  readonly critics: readonly Learner[];
  readonly replay: unknown;
  readonly random: number;
  readonly progress: Progress;
}

/** An episode under way. */
export interface Episode {
  readonly steps: readonly Transition[];
  /** State of the Ornstein-Uhlenbeck noise; undefined at the start. */
  readonly noiseState: readonly number[] | undefined;
  /** The actor with parameter noise, once it has acted. */
  readonly perturbed: Float32Array | undefined;
}

/** An episode that has not begun. */
export const NOTHING: Episode = { steps: [], noiseState: undefined, perturbed: undefined };

/** What changes besides networks and memory. */
export interface Progress {
  readonly episodes: number;
  readonly updates: number;
  readonly baseline: number | undefined;
  readonly underWay: Lanes<Episode>;
  /** Deviation of parameter noise. */
  readonly parameterDeviation: number;
  /** Rewards of all episodes so far, where there were guesses. */
  readonly totals?: readonly number[];
}
