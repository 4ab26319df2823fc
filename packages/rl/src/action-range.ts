import { TersorError, type Action, type BoxSpace, type Space } from '@tersor/core';

/** Maps a box to the unit cube and back, so that networks need not know an action's units. */
export interface ActionRange {
  readonly size: number;
  /** From the unit cube into the box. */
  toAction(unit: ArrayLike<number>): Action;
  /** From the box into the unit cube; 0 for a coordinate whose range is a point. */
  toUnit(action: Action): number[];
}

export function createActionRange({ low, high }: BoxSpace): ActionRange {
  return {
    size: low.length,
    // The clamp takes off what rounding adds.
    toAction: (unit) =>
      low.map((least, i) => Math.min(high[i]!, Math.max(least, least + unit[i]! * (high[i]! - least)))),
    toUnit: (action) =>
      low.map((least, i) => (high[i]! > least ? (action[i]! - least) / (high[i]! - least) : 0)),
  };
}

/** Whether a box has coordinates, each of them with a finite range. */
export function isBounded({ low, high }: BoxSpace): boolean {
  return low.length > 0 && [...low, ...high].every(Number.isFinite);
}

/** The space, if it is a bounded box. Throws `SPACE_UNSUPPORTED` in the agent's name. */
export function requireBox(agent: string, space: Space): BoxSpace {
  if (space.type === 'box' && isBounded(space)) return space;
  throw new TersorError(
    'SPACE_UNSUPPORTED',
    `The agent "${agent}" needs a bounded box of actions, but the space is ${space.type === 'box' ? 'unbounded or empty' : 'discrete'}.`,
    {
      hint:
        space.type === 'box'
          ? 'Give every coordinate a finite range.'
          : 'Use an agent for discrete actions, for instance "ppo", or an environment with continuous ones.',
    },
  );
}
