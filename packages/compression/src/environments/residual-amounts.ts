/**
 * What amounts (channels of groups, bits of layers) may be, and the budget that they have to keep together.
 */
export interface Allocation {
  /** Fewest and most of each, both allowed. */
  readonly least: readonly number[];
  readonly most: readonly number[];
  /** The allowed amount of an item (by its place) that is nearest to any number. */
  nearest(item: number, amount: number): number;
  /** Whether amounts for all items keep the budget. What fits still fits when an amount gets smaller. */
  fits(amounts: readonly number[]): boolean;
}

/**
 * How a residual moves an amount: `scale` takes amounts to a line without ends, on which residuals and the
 * common shift are added, and `unscale` brings back.
 */
export interface Scale {
  scale(item: number, amount: number): number;
  unscale(item: number, level: number): number;
}

/** Halvings of the interval that holds the shift: to a thousandth of a millionth of it. */
const HALVINGS = 30;

/**
 * Amounts around a reference that use the whole budget:
 *
 *   amount_i = unscale(scale(reference_i) + residual_i + shift)
 *
 * with the largest shift, the same for all, whose amounts fit. So the budget is kept by the whole at once,
 * and no item pays for those before it, as behind a wall. All residuals zero give the reference itself.
 *
 * @param reference allowed amounts that fit
 * @param residuals one for each item, in the units of the scale
 */
export function residualAmounts(
  allocation: Allocation,
  { scale, unscale }: Scale,
  reference: readonly number[],
  residuals: readonly number[],
): number[] {
  if (residuals.every((residual) => residual === 0)) return [...reference];
  const { least, most, nearest, fits } = allocation;
  const levels = reference.map((amount, item) => scale(item, amount) + residuals[item]!);
  const amountsAt = (shift: number) =>
    levels.map((level, item) =>
      Math.min(most[item]!, Math.max(least[item]!, nearest(item, unscale(item, level + shift)))),
    );
  // A shift that brings every level below that of its least amount, and one that brings it above its most.
  let low = Math.min(...levels.map((level, item) => scale(item, least[item]!) - level)) - 1;
  let high = Math.max(...levels.map((level, item) => scale(item, most[item]!) - level)) + 1;
  if (fits(amountsAt(high))) return amountsAt(high);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (fits(amountsAt(middle))) low = middle;
    else high = middle;
  }
  return amountsAt(low);
}

/**
 * The residuals that lead to these amounts, up to what rounding and the common shift leave open: their mean
 * is zero.
 */
export function residualsOf(
  { scale }: Scale,
  reference: readonly number[],
  amounts: readonly number[],
): number[] {
  const differences = amounts.map((amount, item) => scale(item, amount) - scale(item, reference[item]!));
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  return differences.map((value) => value - mean);
}

/**
 * Channels of groups: the logit of the share that stays. A group's whole counts as a quarter of a channel
 * less, and nothing as a quarter of a channel, so that both have a place on the line.
 *
 * @param channels of each group
 */
export function logitScale(channels: readonly number[]): Scale {
  return {
    scale: (item, amount) => {
      const edge = 1 / (4 * channels[item]!);
      const share = Math.min(1 - edge, Math.max(edge, amount / channels[item]!));
      return Math.log(share / (1 - share));
    },
    unscale: (item, level) => channels[item]! / (1 + Math.exp(-level)),
  };
}

/** Bits of layers: as they are. */
export const LINEAR_SCALE: Scale = {
  scale: (_item, amount) => amount,
  unscale: (_item, level) => level,
};
