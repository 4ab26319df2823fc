import { TersorError, type Action, type AgentTask } from '@tersor/core';
import { z } from 'zod';
import { evenPoint } from './even-points.js';
import type { SequenceStrategy } from './sequence-agent.js';
import { createUnitSpace, type UnitSpace } from './unit-space.js';

interface HeuristicState {
  readonly episodes: number;
  readonly sequence: readonly Action[] | undefined;
}

/** Options of the agent `heuristic`. */
export const heuristicOptions = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe('Heuristic of the environment: its own, or one that a pruner or quantizer knows'),
});

export type HeuristicOptions = z.output<typeof heuristicOptions>;

/**
 * Sequences around one that the environment's heuristic `name` gives. The first episode carries out the
 * heuristic's own; the others spend the rest of the budget on its variations, in a fixed order. Throws
 * `CONFIG_INVALID` when the environment has no such heuristic.
 *
 * @param vary Sequence `index` (from 0) of the variations.
 */
function createVariedStrategy(
  agent: string,
  name: string,
  { heuristics }: AgentTask,
  vary: (sequence: readonly Action[], index: number) => readonly Action[],
): SequenceStrategy {
  const heuristic = heuristics?.[name];
  if (!heuristic) {
    throw new TersorError(
      'CONFIG_INVALID',
      `The agent "${agent}" needs an environment with the heuristic "${name}".`,
      {
        hint: `This one offers: ${Object.keys(heuristics ?? {}).join(', ') || 'none'}. Choose another agent, for instance "evolution".`,
      },
    );
  }
  let state: HeuristicState = { episodes: 0, sequence: undefined };
  return {
    prepare: async () => {
      state = { ...state, sequence: await heuristic() };
    },
    propose: (lane) => {
      if (!state.sequence)
        throw new Error(`The agent "${agent}" was asked for an action before prepare() had ended.`);
      const episode = state.episodes + lane;
      return episode === 0 ? state.sequence : vary(state.sequence, episode - 1);
    },
    learn: () => {
      state = { ...state, episodes: state.episodes + 1 };
      return {};
    },
    save: () => state,
    load: (saved) => void (state = saved as HeuristicState),
  };
}

/**
 * One setting for all steps: first the one that meets the budget (the environment finds it by bisection),
 * then other settings. Of a discrete space they are the nearest first, again and again; of a box, points that
 * fill it evenly. With two coordinates an action, for instance channels and slices, that sweeps the trade
 * between them.
 */
export function createUniformStrategy(task: AgentTask): SequenceStrategy {
  const space = createUnitSpace(task.actionSpace);
  return createVariedStrategy('uniform', 'uniform', task, (sequence, index) => {
    const action =
      task.actionSpace.type === 'discrete'
        ? nearestChoice(sequence[0]![0]!, task.actionSpace.size, index + 1)
        : space.toAction(evenPoint(index, space.size));
    return sequence.map(() => action);
  });
}

/** The heuristic `magnitude` (global ranking), then variations of it, see `createHeuristicStrategy`. */
export function createMagnitudeStrategy(task: AgentTask): SequenceStrategy {
  return createHeuristicStrategy({ name: 'magnitude' }, task, 'magnitude');
}

/**
 * Any heuristic: first its own sequence, then the same one with its differences between steps weakened or
 * strengthened: `mean + s (action - mean)` with s filling [0, 2] evenly, per coordinate. s = 0 treats all
 * steps alike, s = 1 is the heuristic's own.
 *
 * @param agent what the agent is called in messages
 */
export function createHeuristicStrategy(
  { name }: HeuristicOptions,
  task: AgentTask,
  agent = 'heuristic',
): SequenceStrategy {
  const space = createUnitSpace(task.actionSpace);
  return createVariedStrategy(agent, name, task, (sequence, index) => {
    const units = sequence.map((action) => space.toUnit(action));
    const means = meanOf(units, space);
    const strengths = evenPoint(index, space.size).map((share) => 2 * share);
    return units.map((unit) =>
      space.toAction(unit.map((value, i) => means[i]! + strengths[i]! * (value - means[i]!))),
    );
  });
}

/**
 * Choice number `rank` of a discrete space by its distance from `center`, counted from 0, around and around.
 */
function nearestChoice(center: number, size: number, rank: number): Action {
  const choices = Array.from({ length: size }, (_, i) => i).sort(
    (a, b) => Math.abs(a - center) - Math.abs(b - center) || a - b,
  );
  return [choices[rank % size]!];
}

function meanOf(units: readonly (readonly number[])[], { size }: UnitSpace): number[] {
  return Array.from(
    { length: size },
    (_, i) => units.reduce((sum, unit) => sum + unit[i]!, 0) / units.length,
  );
}
