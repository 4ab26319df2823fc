import type { Action, ChannelGroup, Pruner, PruneTask } from '@tersor/core';
import type { PruneChoices } from './prune-choices.js';
import type { Choice } from './prune-wall.js';
import { clamp } from './observation.js';
import { largestShift, logitOf, residualsBetween, shareOf } from './residual-shift.js';

/** Kernel slices have no counts: shares this near to 0 or 1 count as such. */
const SLICE_EDGE = 1e-3;

/**
 * Choices around a reference. Residuals are actions, one number in [-1, 1] per pruner, one action per group.
 */
export interface ResidualChoices {
  /** The common shift that these residuals get. */
  shift(residuals: readonly Action[]): number;
  /** The choices that residuals are carried out as. */
  choices(residuals: readonly Action[]): readonly Choice[];
  /** Choices at a given shift, whether they keep the budget or not: never fewer at a larger one. */
  at(residuals: readonly Action[], shift: number): readonly Choice[];
  /**
   * What choices differ from the reference by, a list per group with a number in [-1, 1] per pruner: in units
   * of `scale` for channels and slices.
   */
  changes(choices: readonly Choice[]): readonly (readonly number[])[];
  /** The residuals that come nearest to choices. */
  towards(choices: readonly Choice[]): readonly Action[];
}

/**
 * Channels that stay, and shares of kernel slices:
 *
 *   keep = channels * sigmoid(logit(reference / channels) + scale * residual + shift)
 *
 * rounded as counts are, with the largest shift, the same for all, whose choices keep the budget; what
 * rounding leaves of it then goes to the groups that a larger shift would give more, as long as that fits. So
 * the budget is kept by the whole at once, and no group pays for those before it, as with a wall. Residuals
 * that are all zero give the reference itself, and a budget that the whole network keeps needs no shift. A
 * block is as in the reference unless its residual is -0.5 or less (it goes) or 0.5 or more (it stays); where
 * the fewest of everything else is too much, blocks of the lowest residuals go too.
 *
 * @param reference choices that keep the budget
 */
export function createResidualChoices(
  { groups, pruners, multiple, minimum }: Pick<PruneTask, 'groups' | 'pruners' | 'multiple' | 'minimum'>,
  { wall, whole, toCount }: Pick<PruneChoices, 'wall' | 'whole' | 'toCount'>,
  reference: readonly Choice[],
  scale: number,
): ResidualChoices {
  const { fits } = wall;
  const indexOf = (kind: Pruner['action']) => pruners.findIndex(({ action }) => action === kind);
  const [channelsAt, slicesAt, blocksAt] = [indexOf('channels'), indexOf('slices'), indexOf('blocks')];
  const channelLevel = ({ channels }: ChannelGroup, keep: number) =>
    logitOf(keep / channels, 1 / (4 * channels));
  const referenceLevels = reference.map(({ keep }, i) => channelLevel(groups[i]!, keep));
  const referenceSlices = reference.map(({ share }) => logitOf(share, SLICE_EDGE));
  const added = (residual: Action, index: number) => scale * (residual[index] ?? 0);
  const reach =
    Math.max(...referenceLevels.map(Math.abs), ...referenceSlices.map(Math.abs)) +
    scale +
    Math.log(4 / SLICE_EDGE) +
    Math.log(Math.max(...groups.map(({ channels }) => channels)));

  const levels = (residuals: readonly Action[]) =>
    referenceLevels.map((level, i) => level + added(residuals[i]!, channelsAt));
  const at = (residuals: readonly Action[], shift: number, blocks = blocksOf(residuals)): Choice[] => {
    const channelLevels = levels(residuals);
    return groups.map((group, i) => {
      const slices = shareOf(referenceSlices[i]! + added(residuals[i]!, slicesAt) + shift);
      return {
        keep: toCount(group, shareOf(channelLevels[i]! + shift)),
        share: slicesAt < 0 || slices > 1 - SLICE_EDGE ? 1 : Math.max(minimum, slices),
        block: blocks[i]!,
      };
    });
  };
  const blocksOf = (residuals: readonly Action[]): boolean[] =>
    reference.map(({ block }, i) => {
      const residual = residuals[i]![blocksAt] ?? 0;
      return residual >= 0.5 || (block && residual > -0.5);
    });
  /** Blocks that stay: of those that are to, the ones that have room with the fewest of everything else. */
  const affordable = (residuals: readonly Action[]): boolean[] => {
    const blocks = blocksOf(residuals);
    const going = blocks
      .flatMap((stays, i) => (stays && wall.hasBlock(i) ? [i] : []))
      // Of equal ones the last go first: those before them read what later ones do not.
      .sort((a, b) => residuals[a]![blocksAt]! - residuals[b]![blocksAt]! || b - a);
    while (going.length > 0 && !fits(at(residuals, -reach, blocks))) blocks[going.shift()!] = false;
    return blocks;
  };
  const isReference = (residuals: readonly Action[]) =>
    residuals.every((residual) => residual.every((value) => value === 0));
  const shiftWith = (residuals: readonly Action[], blocks: readonly boolean[]) =>
    fits(whole) ? 0 : largestShift((shift) => fits(at(residuals, shift, [...blocks])), reach);
  /** Gives groups what still fits, in the order in which a rising shift would. */
  const filled = (residuals: readonly Action[], choices: Choice[]): Choice[] => {
    if (channelsAt < 0) return choices;
    const channelLevels = levels(residuals);
    const open = new Set(groups.keys());
    const next = (i: number) =>
      Math.min(groups[i]!.channels, (Math.floor(choices[i]!.keep / multiple) + 1) * multiple);
    /** The shift from which on a group has its next count. */
    const threshold = (i: number) => channelLevel(groups[i]!, next(i) - multiple / 2) - channelLevels[i]!;
    while (open.size > 0) {
      const first = [...open].reduce((least, i) => (threshold(i) < threshold(least) ? i : least));
      const more = choices.with(first, { ...choices[first]!, keep: next(first) });
      if (next(first) > choices[first]!.keep && fits(more)) choices = more;
      else open.delete(first);
    }
    return choices;
  };
  return {
    shift: (residuals) => (isReference(residuals) ? 0 : shiftWith(residuals, affordable(residuals))),
    choices: (residuals) => {
      if (isReference(residuals)) return reference;
      const blocks = affordable(residuals);
      const choices = at(residuals, shiftWith(residuals, blocks), blocks);
      return fits(whole) ? choices : filled(residuals, choices);
    },
    changes: (choices) =>
      choices.map(({ keep, share, block }, i) => {
        const change = {
          channels: (channelLevel(groups[i]!, keep) - referenceLevels[i]!) / scale,
          slices: (logitOf(share, SLICE_EDGE) - referenceSlices[i]!) / scale,
          blocks: Number(block) - Number(reference[i]!.block),
        };
        return pruners.map(({ action }) => clamp(change[action], -1, 1));
      }),
    at: (residuals, shift) => at(residuals, shift),
    towards: (choices) => {
      const counts = residualsBetween(
        referenceLevels,
        choices.map(({ keep }, i) => channelLevel(groups[i]!, keep)),
        scale,
      );
      const slices = residualsBetween(
        referenceSlices,
        choices.map(({ share }) => logitOf(share, SLICE_EDGE)),
        scale,
      );
      return choices.map(({ block }, i) => {
        const blocks = Number(block) - Number(reference[i]!.block);
        return pruners.map(({ action }) => ({ channels: counts[i]!, slices: slices[i]!, blocks })[action]);
      });
    },
  };
}
