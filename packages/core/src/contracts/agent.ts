import type { Action, BoxSpace, Environment, Space } from './environment.js';

/** What an agent remembers of one step. */
export interface Transition {
  readonly observation: readonly number[];
  /** The action as it was carried out, see `StepInfo.executed`. */
  readonly action: Action;
  /**
   * The action that the agent had proposed. For agents that need the probability of what they drew (see
   * `Agent.learnsFrom`); for no others.
   */
  readonly proposed: Action;
  readonly reward: number;
  readonly nextObservation: readonly number[];
  /** The episode has ended by itself: nothing follows, so `nextObservation` is worth nothing. */
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** What an agent knows of its task when it is made. */
export interface AgentTask {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: Space;
  /** Steps of one episode. */
  readonly maxSteps: number;
  /** Episodes that the search will run. */
  readonly episodes: number;
  /** Seed of every random choice of the agent. */
  readonly seed: number;
  /** Heuristics of the environment, see `Environment.heuristics`. */
  readonly heuristics?: Environment['heuristics'];
  /** What the environment knows of each step, see `Environment.features`. */
  readonly features?: Environment['features'];
  /** What a policy changes at each step, see `Environment.effectsOf`. */
  readonly effectsOf?: Environment['effectsOf'];
  /** What the environment makes of a policy without measuring it, see `Environment.guess`. */
  readonly guess?: Environment['guess'];
  /** What an episode of actions observes, see `Environment.observationsOf`. */
  readonly observationsOf?: Environment['observationsOf'];
  /** The policy that actions are carried out as, see `Environment.policyOf`. */
  readonly policyOf?: Environment['policyOf'];
}

/** An episode in the environment of another network: as many steps as that has. */
export interface OtherEpisode {
  /** Of each step, see `Environment.features`. */
  readonly features: readonly (readonly number[])[];
  /** As they were carried out. */
  readonly actions: readonly Action[];
  readonly reward: number;
}

/** Figures of learning since the last call: losses, noise, entropy; names are documented by the agent. */
export type LearnStatistics = Readonly<Record<string, number>>;

/** Which step an agent is to act in. */
export interface ActOptions {
  /** False asks for the policy's best guess, without noise. */
  readonly explore: boolean;
  /** The lane of the episode, see `Agent.lanes`; absent where only one episode is under way. */
  readonly lane?: number;
}

/**
 * A policy that learns from transitions. Deterministic: the same seed and transitions give the same actions.
 */
export interface Agent {
  /**
   * Whether several episodes may be under way at once, as `search.parallel` asks for: each has a lane,
   * counted from 0, that every call names. What belongs to an episode under way is kept by lane. `act` is
   * called step by step, within a step lane after lane; transitions of different lanes come in any order.
   * When all episodes have ended, `learn` is called for each lane in turn, and only then do the lanes begin
   * new ones. What was learned does not depend on the order in which the transitions came. `save` and `load`
   * are called only while no episode is under way. Without it, a search in lanes has one copy of the agent a
   * lane, each of which is told of all episodes.
   */
  readonly lanes?: boolean;
  /**
   * Which of a transition's two actions it learns from: the one that was carried out, or its own proposal, as
   * policy gradients must, whose ratios are of what was drawn. `action` when not given.
   */
  readonly learnsFrom?: 'action' | 'proposed';
  /**
   * Set by an agent whose episodes are planned from the first to the last, as those of a baseline are: where
   * the config does not say what the search begins with, it begins with the agent's own first episode.
   */
  readonly hasOwnStart?: boolean;
  /** The action for an observation, within the action space. */
  act(observation: readonly number[], options: ActOptions): Action;
  /**
   * Takes in one transition; the last of an episode has `terminated` or `truncated` set. Episodes whose
   * actions others have chosen (warm starts) are told without a call of `act`.
   */
  observe(transition: Transition, lane?: number): void;
  /** Learns from what was observed; called once after every episode. Empty while warming up. */
  learn(lane?: number): LearnStatistics;
  /**
   * The whole state (weights, optimizer moments, buffers, random state, counters) as structured-cloneable
   * data.
   */
  save(): unknown;
  /**
   * Takes up a saved state: going on gives exactly what an uninterrupted run gives. Throws
   * `AGENT_STATE_INVALID`.
   */
  load(state: unknown): void;
  /**
   * Learns from searches in the environments of other networks, one list of episodes each, whose rewards
   * compare only within a list. Called once, before `prepare`. Optional: an agent without it learns nothing
   * from other networks.
   */
  study?(searches: readonly (readonly OtherEpisode[])[]): void;
  /** Called before the first episode, for agents that need the heuristics of the environment. Optional. */
  prepare?(): Promise<void>;
  /** Frees what the agent holds. */
  dispose(): void;
}

/**
 * Makes an agent for a task. Throws `SPACE_UNSUPPORTED` for an action space that the algorithm cannot handle.
 */
export type AgentFactory = (task: AgentTask) => Agent;
