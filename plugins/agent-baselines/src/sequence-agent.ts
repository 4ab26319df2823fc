import {
  TersorError,
  type Action,
  type Agent,
  type AgentTask,
  type LearnStatistics,
  type Space,
  type Transition,
} from '@tersor/core';
import { openState, sealState } from '@tersor/rl';

/** Chooses whole sequences of actions, one an episode, by the rewards that earlier sequences got. */
export interface SequenceStrategy {
  /** The sequence of the next episode: one action a step. */
  propose(): readonly Action[];
  /**
   * An episode has ended: the actions as they were carried out (the strategy's own, or a warm start's), and
   * the sum of its rewards.
   */
  learn(actions: readonly Action[], reward: number): LearnStatistics;
  /** Called once before the first episode of a search. */
  prepare?(): Promise<void>;
  /** The strategy's state: structured-cloneable, and not changed later. */
  save(): unknown;
  load(state: unknown): void;
}

/** What the agent remembers besides its strategy. */
interface Memory {
  readonly proposal: readonly Action[] | undefined;
  /** Steps of the episode under way. */
  readonly steps: readonly { readonly action: Action; readonly reward: number }[];
  readonly best: { readonly actions: readonly Action[]; readonly reward: number } | undefined;
}

/**
 * An agent that looks at no observation: its policy is a sequence of actions. Without exploration it repeats
 * the best sequence so far. Throws `SPACE_UNSUPPORTED` for a box without bounds.
 */
export function createSequenceAgent(id: string, task: AgentTask, strategy: SequenceStrategy): Agent {
  requireBounded(id, task.actionSpace);
  const fits = [task.actionSpace, task.maxSteps];
  let memory: Memory = { proposal: undefined, steps: [], best: undefined };
  const propose = () => {
    const proposal = memory.proposal ?? strategy.propose();
    memory = { ...memory, proposal };
    return proposal;
  };
  return {
    act: (_observation, { explore }) => {
      const sequence = explore ? propose() : (memory.best?.actions ?? propose());
      return sequence[Math.min(memory.steps.length, sequence.length - 1)]!;
    },
    observe: ({ action, reward }: Transition) => {
      memory = { ...memory, steps: [...memory.steps, { action, reward }] };
    },
    learn: () => {
      const { steps, best } = memory;
      const actions = steps.map(({ action }) => action);
      const reward = steps.reduce((sum, step) => sum + step.reward, 0);
      memory = {
        proposal: undefined,
        steps: [],
        best: best && best.reward >= reward ? best : { actions, reward },
      };
      return strategy.learn(actions, reward);
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
  if (
    space.type === 'discrete'
      ? space.size > 0
      : space.low.length > 0 && [...space.low, ...space.high].every(Number.isFinite)
  )
    return;
  throw new TersorError(
    'SPACE_UNSUPPORTED',
    `The agent "${id}" needs bounded actions, but the space is ${space.type === 'box' ? 'an unbounded or empty box' : 'empty'}.`,
    {
      hint: 'Give every coordinate of the action space a finite range.',
    },
  );
}
