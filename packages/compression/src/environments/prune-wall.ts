import {
  TersorError,
  type ChannelGroup,
  type LayerGraph,
  type PruneChoices,
  type PruneLimit,
  type PrunePlan,
  type Pruner,
  type PruneTask,
} from '@tersor/core';
import { channelCost, type ChannelCost } from '@tersor/network';
import { brokenLimit, budgetExceeded } from '../limits/require-limits.js';

/** What has been decided for one group. */
export interface Choice {
  /** Channels that stay. */
  readonly keep: number;
  /** Share of 2-D kernel slices that stays in the producing kernels. */
  readonly share: number;
  /** Whether the block that it lies in stays. */
  readonly block: boolean;
}

/** The budget of a pruning task, asked of choices for all of its groups. */
export interface PruneWall {
  costOf(choices: readonly Choice[]): ChannelCost;
  /** Each limit of the budget, asked of choices. */
  readonly limits: readonly {
    readonly name: string;
    readonly limit: number;
    of(choices: readonly Choice[]): number;
  }[];
  /** Whether all limits are kept. */
  fits(choices: readonly Choice[]): boolean;
  /** Whether a group lies in a block that a pruner can remove. */
  hasBlock(group: number): boolean;
  /**
   * Throws `BUDGET_INFEASIBLE`, naming a limit and what can be reached, when the smallest choices do not fit.
   */
  requireFeasible(smallest: readonly Choice[]): void;
  /**
   * Throws `BUDGET_EXCEEDED`, naming the pruner, when the network that a plan has made is over a limit,
   * though the choices are not.
   */
  requireKept(made: {
    readonly candidate: LayerGraph;
    readonly plan: PrunePlan;
    readonly choices: readonly Choice[];
  }): void;
}

/** Keeps all of a group. */
export function wholeChoice({ channels }: ChannelGroup): Choice {
  return { keep: channels, share: 1, block: true };
}

/** The steps of all pruners, one after the other. Slices are chosen among channels that stay. */
export function planOf(
  pruners: readonly Pruner[],
  groups: readonly ChannelGroup[],
  choices: readonly Choice[],
): PrunePlan {
  const stepsOf = (pruner: Pruner, channels?: PrunePlan) =>
    groups.map((group, i) => {
      const { keep, share, block } = choices[i]!;
      return pruner.plan(group, { channels: keep, slices: share, block }, channels);
    });
  const channels = pruners.flatMap((pruner) => (pruner.action === 'channels' ? stepsOf(pruner) : []));
  return pruners.flatMap((pruner) =>
    pruner.action === 'channels'
      ? channels.filter((step) => step.pruner === pruner.id)
      : stepsOf(pruner, channels),
  );
}

/** Makes the wall. Throws what limits throw that do not know the network: `LATENCY_TABLE_INVALID`. */
export function createPruneWall({
  graph,
  groups,
  pruners,
  limits,
}: Pick<PruneTask, 'graph' | 'groups' | 'pruners' | 'limits'>): PruneWall {
  const costAt = channelCost(graph, groups);
  const promises = new Map(limits.map((limit) => [limit, limit.promise(graph, groups)]));
  const blockPruners = pruners.filter(({ action }) => action === 'blocks');
  const blocks = groups.map((group) =>
    blockPruners.flatMap((pruner) => pruner.plan(group, { block: false }).removeLayers ?? []),
  );
  const removedBy = (choices: readonly Choice[]) =>
    blockPruners.length === 0
      ? undefined
      : new Set(choices.flatMap(({ block }, i) => (block ? [] : blocks[i]!)));
  const inAll = (choices: readonly Choice[]): PruneChoices => ({
    keep: choices.map(({ keep }) => keep),
    slices: choices.map(({ share }) => share),
    removed: removedBy(choices),
  });
  const costOf = (choices: readonly Choice[]) => {
    const { keep, slices, removed } = inAll(choices);
    return costAt(keep, slices, removed);
  };
  const promised = (limit: PruneLimit, choices: readonly Choice[]) => promises.get(limit)!(inAll(choices));
  /**
   * Pruners whose own steps leave more than they promise; all of them where each by itself keeps its word.
   * Steps of slices leave out those of channels that go, so beside others they can't be judged alone.
   */
  const culprits = (limit: PruneLimit, plan: PrunePlan, choices: readonly Choice[]): string => {
    const breaking = pruners.filter((pruner) => {
      if (pruner.action === 'slices' && pruners.some(({ action }) => action === 'channels')) return false;
      const own = choices.map(
        (choice, i): Choice => ({ ...wholeChoice(groups[i]!), ...only(pruner.action, choice) }),
      );
      const alone = pruner.apply(
        graph,
        plan.filter((step) => step.pruner === pruner.id),
      );
      return limit.of(alone) > promised(limit, own) * (1 + 1e-6);
    });
    const names = (breaking.length > 0 ? breaking : pruners).map(({ id }) => `"${id}"`);
    return `${names.length > 1 ? 'The pruners' : 'The pruner'} ${names.join(', ')}`;
  };
  return {
    costOf,
    limits: limits.map((limit) => ({
      name: limit.name,
      limit: limit.limit,
      of: (choices) => promised(limit, choices),
    })),
    fits: (choices) => limits.every((limit) => promised(limit, choices) <= limit.limit),
    hasBlock: (group) => blocks[group]!.length > 0,
    requireFeasible: (smallest) => {
      const broken = limits.find((limit) => promised(limit, smallest) > limit.limit);
      if (!broken) return;
      const { name, limit, format, reached = 'the network still has' } = broken;
      const reachable = format(promised(broken, smallest), Math.ceil);
      throw new TersorError(
        'BUDGET_INFEASIBLE',
        `prune.budget.${name} is ${format(limit, Math.floor)}, but with every group at its minimum ${reached} ${reachable}.`,
        {
          hint: `Set it to ${reachable} or more, lower "prune.minimum", or exclude fewer layers.`,
        },
      );
    },
    requireKept: ({ candidate, plan, choices }) => {
      const broken = brokenLimit(limits, candidate);
      if (broken) throw budgetExceeded(broken, candidate, culprits(broken, plan, choices));
    },
  };
}

/** The part of a choice that a pruner carries out. */
function only(action: Pruner['action'], { keep, share, block }: Choice): Partial<Choice> {
  return { channels: { keep }, slices: { share }, blocks: { block } }[action];
}
