import { TersorError, type Action, type ChannelGroup, type Pruner, type PruneTask } from '@tersor/core';
import { clamp } from './observation.js';
import { pluginHeuristics } from './plugin-heuristics.js';
import { allocationQuestion, magnitudeCounts, sharesQuestion, uniformRatio } from './prune-heuristics.js';
import { createPruneWall, planOf, wholeChoice, type Choice, type PruneWall } from './prune-wall.js';

/** What groups may keep in a pruning task, and what heuristics have them keep. */
export interface PruneChoices {
  readonly wall: PruneWall;
  /** The fewest of everything, of each group. It keeps the budget. */
  readonly smallest: readonly Choice[];
  /** All of everything. */
  readonly whole: readonly Choice[];
  /** The allowed count of a group that is nearest to a share of its channels. */
  toCount(group: ChannelGroup, ratio: number): number;
  /** What an action, one share per pruner, asks of a group. */
  wanted(group: ChannelGroup, action: Action): Choice;
  /** The action, one share per pruner, that asks for a choice. */
  sharesOf(group: ChannelGroup, choice: Choice): Action;
  /**
   * The next choice after `chosen`: the wanted one, or the most of it that still keeps the budget with the
   * groups ahead at their fewest.
   */
  limit(chosen: readonly Choice[], wanted: Choice): Choice;
  /** Heuristics by name: one share per pruner for each group. They are asked for what fits. */
  readonly heuristics: Readonly<Record<string, () => Promise<readonly Action[]>>>;
}

/**
 * Throws `MODEL_UNSUPPORTED` for a task without groups, and `BUDGET_INFEASIBLE` where not even the smallest
 * choices keep the budget.
 */
export function createPruneChoices(task: PruneTask): PruneChoices {
  const { graph, groups, pruners, minimum, multiple } = task;
  if (groups.length === 0) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `The network "${graph.name}" has no channels that can be pruned.`,
      { hint: 'See why with: tersor inspect <model> --groups' },
    );
  }
  const wall = createPruneWall(task);
  const { fits, hasBlock } = wall;
  const hasSlices = pruners.some(({ action }) => action === 'slices');
  const hasChannels = pruners.some(({ action }) => action === 'channels');
  /** All channels stay where no pruner removes any. */
  const toCount = ({ channels }: ChannelGroup, ratio: number) => {
    if (!hasChannels) return channels;
    const least = Math.min(channels, Math.ceil((minimum * channels) / multiple) * multiple);
    return Math.max(1, clamp(Math.round((ratio * channels) / multiple) * multiple, least, channels));
  };
  const withBlock = groups.flatMap((_group, i) => (hasBlock(i) ? [i] : []));
  /**
   * Of blocks, which go one by one, the last ones go first: those before them read what later ones do not.
   */
  const choicesAt = (ratio: number, blocks = ratio) =>
    groups.map(
      (group, i): Choice => ({
        keep: toCount(group, ratio),
        share: hasSlices ? ratio : 1,
        block: withBlock.indexOf(i) < Math.round(blocks * withBlock.length),
      }),
    );
  const smallest = choicesAt(minimum, 0);
  wall.requireFeasible(smallest);

  const limit = (chosen: readonly Choice[], wanted: Choice): Choice => {
    const rest = smallest.slice(chosen.length + 1);
    const fitsWith = (choice: Choice) => fits([...chosen, choice, ...rest]);
    const floor = smallest[chosen.length]!;
    let keep = wanted.keep;
    while (keep > floor.keep && !fitsWith({ ...wanted, keep })) keep = Math.max(floor.keep, keep - multiple);
    if (fitsWith({ ...wanted, keep })) return { ...wanted, keep };
    const share = uniformRatio(
      floor.share,
      (candidate) => candidate <= wanted.share && fitsWith({ ...wanted, keep, share: candidate }),
    );
    const narrow = { ...wanted, keep, share };
    // Without its block the group costs nothing, so the rest of it may stay as it was wanted.
    return wanted.block && !fitsWith(narrow) ? limit(chosen, { ...wanted, block: false }) : narrow;
  };

  const question = allocationQuestion(wall, { groups, smallest, multiple, toCount });
  const slices = pruners.find(({ sliceHeuristic }) => sliceHeuristic)?.sliceHeuristic;
  /** What heuristics of pruners are asked, which share a budget with slices. */
  const shared = slices
    ? allocationQuestion(wall, {
        groups,
        smallest,
        multiple,
        toCount,
        share: Math.max(minimum, slices.share),
      })
    : question;
  /** Actions that keep these counts and shares, and all blocks. */
  const actionsOf = (counts: readonly number[], shares?: readonly number[]): Action[] =>
    groups.map(({ channels }, i) =>
      pruners.map(({ action }) =>
        action === 'channels'
          ? clamp(counts[i]! / channels, minimum, 1)
          : action === 'slices'
            ? (shares?.[i] ?? 1)
            : 1,
      ),
    );
  /** The same with the slices that the budget leaves beside these channels. */
  const withSlices = async (counts: readonly number[]): Promise<Action[]> => {
    const others = pruners.filter(({ action }) => action === 'channels');
    const choices = groups.map((group, i) => ({ ...wholeChoice(group), keep: counts[i]! }));
    const channels = planOf(others, groups, choices);
    return actionsOf(
      counts,
      await slices?.spread(sharesQuestion(wall, groups, counts, { smallest: minimum, channels })),
    );
  };
  const uniform = (): Action[] => {
    const ratio = uniformRatio(hasChannels || hasSlices ? minimum : 0, (candidate) =>
      fits(choicesAt(candidate)),
    );
    return choicesAt(ratio).map(({ block }) =>
      pruners.map(({ action }) => (action === 'blocks' ? Number(block) : ratio)),
    );
  };
  return {
    wall,
    smallest,
    whole: groups.map(wholeChoice),
    toCount,
    wanted: (group, action) => {
      const value = (kind: Pruner['action']) =>
        action[pruners.findIndex((pruner) => pruner.action === kind)] ?? 1;
      return {
        keep: toCount(group, value('channels')),
        share: clamp(value('slices'), minimum, 1),
        block: value('blocks') >= 0.5,
      };
    },
    sharesOf: ({ channels }, { keep, share, block }) => {
      const shares = { channels: clamp(keep / channels, minimum, 1), slices: share, blocks: Number(block) };
      return pruners.map(({ action }) => shares[action]);
    },
    limit,
    heuristics: {
      uniform: async () => uniform(),
      magnitude: async () => {
        // A pruner of slices ranks them by itself: alone, it needs no more than the share.
        if (!hasChannels) return uniform();
        return actionsOf(magnitudeCounts(graph, question));
      },
      ...Object.fromEntries(
        [...pluginHeuristics(hasChannels ? pruners : [])].map(([name, heuristic]) => [
          name,
          // Where channels alone cannot keep the budget, slices and blocks go too: the wall sees to it.
          async () => withSlices(shared.fits(shared.smallest) ? await heuristic(shared) : shared.smallest),
        ]),
      ),
      ...(slices &&
        !hasChannels && { [slices.name]: () => withSlices(groups.map(({ channels }) => channels)) }),
    },
  };
}
