import type { Action } from '@tersor/core';
import type { AdamState, Lanes, RunningMoments } from '@tersor/rl';
import type { CollectedStep } from './ppo-loss.js';

/** A network that learns. */
export interface Learner {
  /** The network's parameters; the actor's are followed by the free ones of its distribution. */
  readonly parameters: Float32Array;
  readonly adam: AdamState;
}

/** A step of an episode under way. */
export interface Step extends Pick<CollectedStep, 'observation' | 'sample' | 'logProbability' | 'value'> {
  readonly reward: number;
}

/** An episode that has ended. */
export interface PlayedEpisode {
  /** Rewards are scaled as they were when it ended. */
  readonly steps: readonly Step[];
  /** The state after the last step as the networks saw it, if its value counts. */
  readonly last: readonly number[] | undefined;
}

/** An episode under way. */
export interface Episode {
  readonly steps: readonly Step[];
  /** The state after the last step, if its value counts. */
  readonly cutOff: readonly number[] | undefined;
  /** The last draw: an action may hide which sample it came from. */
  readonly drawn: { readonly action: Action; readonly sample: readonly number[] } | undefined;
  /** Observations that the running moments have not taken in yet. */
  readonly unseen: readonly (readonly number[])[];
}

/** An episode that has not begun. */
export const NOTHING: Episode = { steps: [], cutOff: undefined, drawn: undefined, unseen: [] };

/** An episode that has ended. */
export interface PlayedEpisode {
  /** Rewards are scaled as they were when it ended. */
  readonly steps: readonly Step[];
  /** The state after the last step as the networks saw it, if its value counts. */
  readonly last: readonly number[] | undefined;
}

/** What changes besides the networks; replaced, never written to, so that a saved state stays as it was. */
export interface Progress {
  readonly episodes: number;
  readonly underWay: Lanes<Episode>;
  /** Finished episodes since the last training. */
  readonly collected: readonly CollectedStep[];
  readonly collectedEpisodes: number;
  /** The same episodes, to be judged anew by later policies, and those of the last policies, newest first. */
  readonly played?: readonly PlayedEpisode[];
  readonly earlier?: readonly (readonly PlayedEpisode[])[];
  readonly observations: RunningMoments;
  readonly returns: RunningMoments;
}

/** What the agent saves. */
export interface PpoState {
  readonly actor: Learner;
  readonly critic: Learner;
  readonly random: number;
  readonly progress: Progress;
}
