import type { Action, Space } from '@tersor/core';

/**
 * A space seen as the unit cube, discrete ones included: choices are ordered (bits are), so neighbours are
 * alike.
 */
export interface UnitSpace {
  /** Coordinates of one action. */
  readonly size: number;
  /** From the unit cube into the space; coordinates outside of it are clamped. */
  toAction(unit: readonly number[]): Action;
  /**
   * From the space into the unit cube: the middle of a choice's share, 0 for a coordinate whose range is a
   * point.
   */
  toUnit(action: Action): number[];
}

export function createUnitSpace(space: Space): UnitSpace {
  if (space.type === 'discrete') {
    const { size } = space;
    return {
      size: 1,
      toAction: ([value]) => [Math.min(size - 1, Math.floor(clamp(value!, 0, 1) * size))],
      toUnit: ([index]) => [(index! + 0.5) / size],
    };
  }
  const { low, high } = space;
  return {
    size: low.length,
    toAction: (unit) =>
      low.map((least, i) => clamp(least + clamp(unit[i]!, 0, 1) * (high[i]! - least), least, high[i]!)),
    toUnit: (action) =>
      low.map((least, i) => (high[i]! > least ? (action[i]! - least) / (high[i]! - least) : 0)),
  };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
