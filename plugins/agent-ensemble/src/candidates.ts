import type { Random } from '@tersor/core';

/** A policy is the actions of all steps, one after the other, in the unit cube. */
type Policy = readonly number[];

/** How candidates are drawn. */
export interface Drawing {
  /** Candidates in all. */
  readonly candidates: number;
  /** Policies that the next candidates lie around. */
  readonly parents: number;
  /** Largest deviation, as a share of the range. */
  readonly sigma: number;
}

/** Candidates are drawn in so many rounds; those of a round lie around the best of the rounds before. */
const ROUNDS = 3;
/** Deviations are `sigma`, halved up to so many times. */
const HALVINGS = 2;
/** Half of the candidates change only this share of the coordinates, on average. */
const FEW = 0.25;

/**
 * Candidates around `parents`, those of which `valuesOf` expects most first. A search of its own, in what is
 * expected: candidates of later rounds lie around the best earlier ones, so they may go further than noise.
 */
export function bestExpected(
  parents: readonly Policy[],
  drawing: Drawing,
  valuesOf: (policies: readonly Policy[]) => ArrayLike<number>,
  random: Random,
): Policy[] {
  const drawn = (around: readonly Policy[]): Policy => {
    const parent = around[random.integer(around.length)]!;
    const deviation = drawing.sigma / 2 ** random.integer(HALVINGS + 1);
    const share = random.uniform() < 0.5 ? 1 : Math.max(FEW, 2 / parent.length);
    return parent.map((value) =>
      random.uniform() < share ? reflect(value + deviation * random.normal()) : value,
    );
  };
  let ranked: { readonly policy: Policy; readonly value: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const around = round === 0 ? parents : ranked.slice(0, drawing.parents).map(({ policy }) => policy);
    const policies = Array.from({ length: Math.ceil(drawing.candidates / ROUNDS) }, () => drawn(around));
    const values = valuesOf(policies);
    ranked = [...ranked, ...policies.map((policy, i) => ({ policy, value: values[i]! }))].sort(
      (a, b) => b.value - a.value,
    );
  }
  return ranked.map(({ policy }) => policy);
}

/** A policy with normal noise on all coordinates. */
export function withNoise(policy: Policy, deviation: number, random: Random): Policy {
  return policy.map((value) => reflect(value + deviation * random.normal()));
}

/** Into the unit cube; clamping would pile policies up on its sides. */
function reflect(value: number): number {
  const reflected = value < 0 ? -value : value > 1 ? 2 - value : value;
  return Math.min(1, Math.max(0, reflected));
}
