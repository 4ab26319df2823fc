import {
  TersorError,
  type Action,
  type Agent,
  type AgentTask,
  type LearnStatistics,
  type Space,
  type Transition,
} from '@tersor/core';
import { isBounded, openState, sealState, withLane, withoutLane, type Lanes } from '@tersor/rl';

/** Chooses whole sequences of actions, one an episode, by the rewards that earlier sequences got. */
export interface SequenceStrategy {
  /**
   * The sequence of the next episode in a lane (see `Agent.lanes`): one action a step. Called at most
   * once for an episode.
   */
  propose(lane: number): readonly Action[];
  /**
   * A lane's episode has ended: the actions as they were carried out (the strategy's own, or a warm start's),
   * and the sum of its rewards.
   */
  learn(actions: readonly Action[], reward: number, lane: number): LearnStatistics;
  /** Called once before the first episode of a search. */
  prepare?(): Promise<void>;
  /** The strategy's state: structured-cloneable, and not changed later. */
  save(): unknown;
  load(state: unknown): void;
}

/** An episode under way. */
interface Episode {
  readonly proposal: readonly Action[] | undefined;
  readonly steps: readonly { readonly action: Action; readonly reward: number }[];
}

/** What the agent remembers besides its strategy. */
interface Memory {
  readonly episodes: Lanes<Episode>;
  readonly best: { readonly actions: readonly Action[]; readonly reward: number } | undefined;
}

const NOTHING: Episode = { proposal: undefined, steps: [] };

/**
 * An agent that looks at no observation: its policy is a sequence of actions. Without exploration it repeats
 * the best sequence so far. Throws `SPACE_UNSUPPORTED` for a box without bounds.
 */
export function createSequenceAgent(id: string, task: AgentTask, strategy: SequenceStrategy): Agent {
  requireBounded(id, task.actionSpace);
  const fits = [task.actionSpace, task.maxSteps];
  let memory: Memory = { episodes: new Map(), best: undefined };
  const episodeOf = (lane: number) => memory.episodes.get(lane) ?? NOTHING;
  const update = (lane: number, changes: Partial<Episode>) => {
    memory = { ...memory, episodes: withLane(memory.episodes, lane, { ...episodeOf(lane), ...changes }) };
  };
  const propose = (lane: number) => {
    const proposal = episodeOf(lane).proposal ?? strategy.propose(lane);
    update(lane, { proposal });
    return proposal;
  };
  return {
    lanes: true,
    act: (_observation, { explore, lane = 0 }) => {
      const sequence = explore ? propose(lane) : (memory.best?.actions ?? propose(lane));
      return sequence[Math.min(episodeOf(lane).steps.length, sequence.length - 1)]!;
    },
    observe: ({ action, reward }: Transition, lane = 0) =>
      update(lane, { steps: [...episodeOf(lane).steps, { action, reward }] }),
    learn: (lane = 0) => {
      const { steps } = episodeOf(lane);
      const { best } = memory;
      const actions = steps.map(({ action }) => action);
      const reward = steps.reduce((sum, step) => sum + step.reward, 0);
      memory = {
        episodes: withoutLane(memory.episodes, lane),
        best: best && best.reward >= reward ? best : { actions, reward },
      };
      return strategy.learn(actions, reward, lane);
    },
    save: () => sealState(id, fits, { memory, strategy: strategy.save() }),
    load: (state) => {
      const content = structuredClone(openState<{ memory: Memory; strategy: unknown }>(id, fits, state));
      memory = content.memory;
      strategy.load(content.strategy);
    },
    ...(strategy.prepare && { prepare: () => strategy.prepare!() }),
    dispose: () => {
      // Nothing is held outside of the garbage collector's reach.
    },
  };
}

function requireBounded(id: string, space: Space): void {
  if (space.type === 'discrete' ? space.size > 0 : isBounded(space)) return;
  throw new TersorError(
    'SPACE_UNSUPPORTED',
    `The agent "${id}" needs bounded actions, but the space is ${space.type === 'box' ? 'an unbounded or empty box' : 'empty'}.`,
    {
      hint: 'Give every coordinate of the action space a finite range.',
    },
  );
}
