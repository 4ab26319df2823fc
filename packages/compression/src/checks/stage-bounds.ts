import {
  selectorParts,
  TersorError,
  type ChannelGroup,
  type CompressConfig,
  type LayerGraph,
  type PruneConfig,
  type Pruner,
  type PruneLimit,
  type QuantizeConfig,
  type Quantizer,
  type QuantizeLimit,
  type Selector,
} from '@tersor/core';
import { FLOAT_BITS, channelGroups, removeAll } from '@tersor/network';
import { uniformRatio } from '../environments/prune-heuristics.js';
import { createPruneWall, type Choice } from '../environments/prune-wall.js';
import { matchesAny } from './layer-patterns.js';
import { withHalfPrecision } from '../pack/half-precision.js';
import { layersWithKernels } from '../policy/quantized-graph.js';

interface BoundsInput {
  readonly config: CompressConfig;
  readonly original: LayerGraph;
  /** The limits of the rounds of stage 1. */
  readonly pruneLimits: readonly (readonly PruneLimit[])[];
  readonly quantizeLimits: readonly QuantizeLimit[];
  readonly pruners: readonly Pruner[];
  readonly quantizer: Quantizer | undefined;
}

/**
 * Checks the budgets of both stages before the first begins: throws `BUDGET_INFEASIBLE` for one that no
 * outcome can reach, and gives a sentence for each of stage 2 that only some outcomes of stage 1 reach.
 * Environments and pruners of a kind that is not known here may leave anything, so they are not judged.
 */
export function requireReachable(input: BoundsInput): string[] {
  const { config, quantizer } = input;
  const bits = config.quantize && quantizer && quantizerBits(config.quantize, quantizer);
  const outcomes = config.prune ? outcomesOfPruning(input, config.prune) : undefined;
  const isOurs = isKnown(config.quantize?.environment, 'bit-width');
  if (!config.quantize || !bits || !outcomes || !isOurs) return [];
  return input.quantizeLimits.flatMap((limit) => {
    if (!limit.estimate) return [];
    const estimate = limit.estimate.bind(limit);
    const [least, even] = [outcomes.smallest, outcomes.even].map((graph) =>
      estimateAtFewestBits(estimate, graph, config.quantize!, bits[0]),
    ) as [Estimate, Estimate];
    return judge(limit, least, even) ?? [];
  });
}

/**
 * Bits that a stage 2 can choose from, fewest and most. Throws `CONFIG_INVALID` where its config
 * and its quantizer have none in common.
 */
export function quantizerBits({ bits }: QuantizeConfig, quantizer: Quantizer): readonly [number, number] {
  const common = [Math.max(bits[0], quantizer.bits[0]), Math.min(bits[1], quantizer.bits[1])] as const;
  if (common[0] <= common[1]) return common;
  throw new TersorError(
    'CONFIG_INVALID',
    `quantize.bits is ${bits.join(' to ')}, but the quantizer "${quantizer.id}" gives ` +
      `${quantizer.bits.join(' to ')} bits.`,
  );
}

/** Groups of channels that stage 1 may prune. */
export function prunableGroups(
  graph: LayerGraph,
  { exclude }: Pick<PruneConfig, 'exclude'>,
): readonly ChannelGroup[] {
  return channelGroups(graph).groups.filter(
    (group) => !group.members.some(({ layer, role }) => role === 'produces' && matchesAny(layer, exclude)),
  );
}

/**
 * Networks that stage 1 may leave: no other has fewer channels than `smallest`, and `even` has them pruned by
 * one ratio to the last budget. Only their sizes mean something.
 */
function outcomesOfPruning(
  { original, pruneLimits, pruners }: BoundsInput,
  config: PruneConfig,
): { smallest: LayerGraph; even: LayerGraph } | undefined {
  const isJudged =
    isKnown(config.environment, 'pruning') &&
    pruners.every(({ action }) => action === 'channels' || action === 'slices');
  if (!isJudged) return undefined;
  const hasSlices = pruners.some(({ action }) => action === 'slices');
  const keptAt = ({ channels }: ChannelGroup, ratio: number) =>
    pruners.every(({ action }) => action === 'slices') ? channels : keptChannels(channels, ratio, config);
  const wallOf = (graph: LayerGraph, groups: readonly ChannelGroup[], limits: readonly PruneLimit[]) =>
    createPruneWall({ graph, groups, pruners, limits });
  const choicesAt = (groups: readonly ChannelGroup[], ratio: number) =>
    groups.map(
      (group): Choice => ({ keep: keptAt(group, ratio), share: hasSlices ? ratio : 1, block: true }),
    );
  let smallest = original;
  for (const [round, limits] of pruneLimits.entries()) {
    const groups = prunableGroups(smallest, config);
    if (groups.length === 0) break;
    const choices = choicesAt(groups, config.minimum);
    // Zeroed slices may leave dead channels, which go too; how many cannot be counted beforehand.
    if (round === 0 || !hasSlices) wallOf(smallest, groups, limits).requireFeasible(choices);
    smallest = withFirstChannels(
      smallest,
      groups,
      hasSlices ? groups.map(() => 1) : choices.map(({ keep }) => keep),
    );
  }
  const groups = prunableGroups(original, config);
  const wall = wallOf(original, groups, pruneLimits.at(-1)!);
  const ratio = uniformRatio(config.minimum, (candidate) => wall.fits(choicesAt(groups, candidate)));
  return {
    smallest,
    even: withFirstChannels(
      original,
      groups,
      choicesAt(groups, ratio).map(({ keep }) => keep),
    ),
  };
}

/** Whether a stage has an environment that keeps to the bounds of this file: its own, or `residual`. */
function isKnown(environment: Selector | undefined, own: string): boolean {
  const { use } = selectorParts(environment ?? own);
  return use === own || use === 'residual';
}

/** As the pruning environment rounds. */
function keptChannels(channels: number, ratio: number, { minimum, multiple }: PruneConfig): number {
  const least = Math.min(channels, Math.ceil((minimum * channels) / multiple) * multiple);
  return Math.max(1, least, Math.min(channels, Math.round((ratio * channels) / multiple) * multiple));
}

function withFirstChannels(
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
  keep: readonly number[],
): LayerGraph {
  return removeAll(
    graph,
    groups.map((group, i) => ({ group, keep: Array.from({ length: keep[i]! }, (_, channel) => channel) })),
  );
}

type Estimate = ReturnType<NonNullable<QuantizeLimit['estimate']>>;

function estimateAtFewestBits(
  estimate: NonNullable<QuantizeLimit['estimate']>,
  pruned: LayerGraph,
  { exclude, activations }: QuantizeConfig,
  weights: number,
): Estimate {
  const graph = withHalfPrecision(pruned);
  const quantized = new Set(
    layersWithKernels(graph)
      .map(({ name }) => name)
      .filter((name) => !matchesAny(name, exclude)),
  );
  return estimate(graph, quantized, { weights, activations: activations?.bits[0] ?? FLOAT_BITS });
}

/**
 * What a limit depends on, in words: `least` is of the smallest network, `even` of an evenly pruned one.
 * Throws `BUDGET_INFEASIBLE`.
 */
function judge(
  { name, given, limit, format, reached = 'the network has' }: QuantizeLimit,
  least: Estimate,
  even: Estimate,
): string | undefined {
  const path = `quantize.budget.${name}${given === undefined ? '' : ` (${given})`}`;
  const isExact = least.certain === least.about;
  const smallest = 'with every group of channels and all bits at their minimum';
  if (limit < least.certain) {
    const before = isExact ? '' : ' before the first code of a weight';
    throw new TersorError(
      'BUDGET_INFEASIBLE',
      `${path} is ${format(limit, Math.floor)}, but ${smallest} ${reached} ${format(least.certain, Math.ceil)}${before}.`,
      {
        hint: `Set it to ${format(least.about, Math.ceil)} or more, or lower "prune.minimum".`,
      },
    );
  }
  if (limit >= even.about) return undefined;
  const about = isExact ? '' : 'about ';
  return (
    `${path} is ${format(limit, Math.floor)}. At the fewest bits, a network pruned evenly to the budget of ` +
    `stage 1 has ${about}${format(even.about, Math.ceil)}, and ${smallest} it has ` +
    `${about}${format(least.about, Math.ceil)}: whether the budget can be reached depends on what stage 1 ` +
    'leaves. If it cannot, raise it then and go on with --resume, which keeps stage 1.'
  );
}
