import {
  TersorError,
  type ChannelGroup,
  type CompressConfig,
  type LayerGraph,
  type PruneConfig,
  type Pruner,
  type PruneTask,
  type QuantizeConfig,
  type Quantizer,
} from '@tersor/core';
import { bitOperations, FLOAT_BITS, isKernel, weightSlots, channelGroups, removeAll } from '@tersor/network';
import { uniformRatio } from '../environments/prune-heuristics.js';
import { createPruneWall, type Choice } from '../environments/prune-wall.js';
import { matchesAny } from './layer-patterns.js';
import { withHalfPrecision } from '../pack/half-precision.js';
import { encodedFloor, headerSize, rawSize } from '../pack/pack-model.js';
import { layersWithKernels } from '../policy/quantized-graph.js';

interface BoundsInput {
  readonly config: CompressConfig;
  readonly original: LayerGraph;
  /** Bytes of the original's files: shares of the size are of these. */
  readonly originalBytes: number;
  /** The limits of the rounds of stage 1, absolute. */
  readonly pruneBudgets: readonly PruneTask['budget'][];
  readonly pruners: readonly Pruner[];
  readonly quantizer: Quantizer | undefined;
}

/**
 * Checks the budgets of both stages before the first begins: throws `BUDGET_INFEASIBLE` for one that no
 * outcome can reach, and gives a sentence for each of stage 2 that only some outcomes of stage 1 reach.
 * Environments and pruners of a kind that is not known here may leave anything, so they are not judged.
 */
export function requireReachable(input: BoundsInput): string[] {
  const { config, original, quantizer } = input;
  const bits = config.quantize && quantizer && quantizerBits(config.quantize, quantizer);
  const outcomes = config.prune ? outcomesOfPruning(input, config.prune) : undefined;
  const isOurs = (config.quantize?.environment ?? 'bit-width') === 'bit-width';
  if (!config.quantize || !bits || !outcomes || !isOurs) return [];
  const [least, even] = [outcomes.smallest, outcomes.even].map((graph) =>
    figuresAtSmallestWidths(graph, config.quantize!, bits[0]),
  ) as [Figures, Figures];
  const { bytes, bops } = config.quantize.budget;
  const share = `${bytes} of the ${input.originalBytes} bytes of the original's files`;
  const limits: Judgement[] = [
    {
      path: `quantize.budget.bytes${bytes <= 1 ? ` (${share})` : ''}`,
      unit: 'bytes',
      limit: absolute(bytes, input.originalBytes),
      impossible: least.bytesWithoutCodes,
      least: least.bytes,
      even: even.bytes,
    },
  ];
  if (bops !== undefined)
    limits.push({
      path: 'quantize.budget.bops',
      unit: 'bit operations',
      limit: absolute(bops, bitOperations(original)),
      impossible: least.bops,
      least: least.bops,
      even: even.bops,
    });
  return limits.flatMap((limit) => judge(limit) ?? []);
}

/**
 * Bit widths that a stage 2 can choose from, smallest and largest. Throws `CONFIG_INVALID` where its config
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

/** Up to 1 a budget is a share of the whole. */
export function absolute(budget: number, whole: number): number {
  return budget <= 1 ? budget * whole : budget;
}

/**
 * Networks that stage 1 may leave: no other has fewer channels than `smallest`, and `even` has them pruned by
 * one ratio to the last budget. Only their sizes mean something.
 */
function outcomesOfPruning(
  { original, pruneBudgets, pruners }: BoundsInput,
  config: PruneConfig,
): { smallest: LayerGraph; even: LayerGraph } | undefined {
  const isKnown =
    (config.environment ?? 'pruning') === 'pruning' &&
    pruners.every(({ action }) => action === 'channels' || action === 'slices');
  if (!isKnown) return undefined;
  const hasSlices = pruners.some(({ action }) => action === 'slices');
  const keptAt = ({ channels }: ChannelGroup, ratio: number) =>
    pruners.every(({ action }) => action === 'slices') ? channels : keptChannels(channels, ratio, config);
  const wallOf = (graph: LayerGraph, groups: readonly ChannelGroup[], budget: PruneTask['budget']) =>
    createPruneWall({ graph, groups, pruners, budget } as PruneTask);
  const choicesAt = (groups: readonly ChannelGroup[], ratio: number) =>
    groups.map(
      (group): Choice => ({ keep: keptAt(group, ratio), share: hasSlices ? ratio : 1, block: true }),
    );
  let smallest = original;
  for (const [round, budget] of pruneBudgets.entries()) {
    const groups = prunableGroups(smallest, config);
    if (groups.length === 0) break;
    const choices = choicesAt(groups, config.minimum);
    // Zeroed slices may leave channels dead, which go too: how many, no count beforehand tells.
    if (round === 0 || !hasSlices) wallOf(smallest, groups, budget).requireFeasible(choices);
    smallest = withFirstChannels(
      smallest,
      groups,
      hasSlices ? groups.map(() => 1) : choices.map(({ keep }) => keep),
    );
  }
  const groups = prunableGroups(original, config);
  const wall = wallOf(original, groups, pruneBudgets.at(-1)!);
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

/** As the pruning environment rounds. */
function keptChannels(channels: number, ratio: number, { minimum, round }: PruneConfig): number {
  const least = Math.min(channels, Math.ceil((minimum * channels) / round) * round);
  return Math.max(1, least, Math.min(channels, Math.round((ratio * channels) / round) * round));
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

interface Figures {
  /** Of a file whose codes take no space at all. */
  readonly bytesWithoutCodes: number;
  /** About those of a file whose codes are not compressed. */
  readonly bytes: number;
  readonly bops: number;
}

function figuresAtSmallestWidths(
  pruned: LayerGraph,
  { exclude, activations }: QuantizeConfig,
  bits: number,
): Figures {
  const graph = withHalfPrecision(pruned);
  const quantized = new Set(
    layersWithKernels(graph)
      .map(({ name }) => name)
      .filter((name) => !matchesAny(name, exclude)),
  );
  let bytesWithoutCodes = headerSize(graph);
  let codes = 0;
  for (const { layer, weight } of weightSlots(graph)) {
    const hasCodes = quantized.has(layer.name) && isKernel(weight);
    bytesWithoutCodes += hasCodes ? encodedFloor : rawSize(weight.data);
    if (hasCodes) codes += Math.ceil((weight.data.length * bits) / 8);
  }
  const width = activations?.bits[0] ?? FLOAT_BITS;
  return {
    bytesWithoutCodes,
    bytes: bytesWithoutCodes + codes,
    bops: bitOperations(graph, (name) => (quantized.has(name) ? { weights: bits, activations: width } : {})),
  };
}

interface Judgement {
  readonly path: string;
  readonly unit: string;
  readonly limit: number;
  /** Nothing is below this. */
  readonly impossible: number;
  /** About what the smallest network has. */
  readonly least: number;
  /** About what an evenly pruned network has. */
  readonly even: number;
}

/** What a limit depends on, in words. Throws `BUDGET_INFEASIBLE`. */
function judge({ path, unit, limit, impossible, least, even }: Judgement): string | undefined {
  const smallest = 'with every group of channels and every bit width at its minimum';
  if (limit < impossible) {
    const what =
      unit === 'bytes'
        ? `the file has ${impossible} before the first code of a weight`
        : `the network has ${impossible}`;
    throw new TersorError(
      'BUDGET_INFEASIBLE',
      `${path} is ${Math.floor(limit)} ${unit}, but ${smallest} ${what}.`,
      {
        hint: `Set it to ${Math.ceil(Math.max(least, impossible))} or more, or lower "prune.minimum".`,
      },
    );
  }
  if (limit >= even) return undefined;
  const about = unit === 'bytes' ? 'about ' : '';
  return (
    `${path} is ${Math.floor(limit)} ${unit}. At the smallest bit widths, a network pruned evenly to the ` +
    `budget of stage 1 has ${about}${even}, and ${smallest} it has ${about}${least}: whether the budget can be ` +
    'reached depends on what stage 1 leaves. If it cannot, raise it then and go on with --resume, ' +
    'which keeps stage 1.'
  );
}
