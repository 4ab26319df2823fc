/** A continuous space: every coordinate lies in [low, high]. */
export interface BoxSpace {
  readonly type: 'box';
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** A choice of one out of `size`; the action is `[index]`. */
export interface DiscreteSpace {
  readonly type: 'discrete';
  readonly size: number;
}

export type Space = BoxSpace | DiscreteSpace;

/** A point of a space: the coordinates of a box, or `[index]` of a discrete space. */
export type Action = readonly number[];

/** What `step` returns: gymnasium's five values. */
export interface StepResult {
  /** The next observation, within `observationSpace`. */
  readonly observation: readonly number[];
  readonly reward: number;
  /** True when the episode has reached its natural end (all layers were visited). */
  readonly terminated: boolean;
  /** True when it was cut off. */
  readonly truncated: boolean;
  readonly info: StepInfo;
}

export interface StepInfo {
  /**
   * The action as it was carried out, after the wall and rounding. This, not the raw action, belongs in a
   * replay buffer.
   */
  readonly executed: Action;
  /** What the finished episode measured (accuracy, MACs, bytes, ...); only at the end. */
  readonly measures?: Readonly<Record<string, number>>;
  /** The policy that the finished episode carried out, as JSON; only at the end. */
  readonly policy?: unknown;
}

/** A Markov decision process in the manner of gymnasium. */
export interface Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: Space;
  /** Steps of one episode at most. */
  readonly maxSteps: number;
  /** Starts an episode. The same seed and actions give the same rewards. */
  reset(seed: number): Promise<{ readonly observation: readonly number[] }>;
  /** Carries out an action. Throws `EPISODE_OVER` after the end. */
  step(action: Action): Promise<StepResult>;
  /**
   * Heuristic episodes on offer for baselines and warm starts, by name (`uniform`, `magnitude`): the whole
   * sequence of actions that meets the budget. Optional.
   */
  readonly heuristics?: Readonly<Record<string, () => Promise<readonly Action[]>>>;
  /**
   * What is known of each step before any episode, one row of numbers in [-1, 1] per step, all as long; the
   * first numbers of a step's observations are its row. For agents that look at all steps of a policy at
   * once. Their meaning does not depend on the network, so that what was learned of one says something of
   * another. Optional.
   */
  readonly features?: readonly (readonly number[])[];
  /**
   * What a policy of these actions changes at each step, without measuring it: one row of numbers in [-1, 1]
   * per step, all as long; 0 is no change. After rounding and limits, so policies that are carried out alike
   * have the same rows. For agents that judge whole policies. Optional.
   */
  effectsOf?(actions: readonly Action[]): readonly (readonly number[])[];
  /**
   * What a whole episode's actions might be worth, without measuring it: higher is better, and nothing but
   * the order and the rough shape counts. Optional.
   */
  guess?(actions: readonly Action[]): number;
  /**
   * What an episode of these actions observes, without carrying it out: an observation a step, the first of
   * which is that of `reset`. For agents that learn step by step from guesses. Optional.
   */
  observationsOf?(actions: readonly Action[]): readonly (readonly number[])[];
  /**
   * The policy that an episode of these actions carries out, as JSON, without measuring it. Where different
   * actions are rounded to the same policy, agents can so try none twice. Optional.
   */
  policyOf?(actions: readonly Action[]): unknown;
  /** Frees what the environment holds. */
  dispose?(): void;
}
