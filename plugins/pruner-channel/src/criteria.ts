import {
  createRandom,
  elementCount,
  type ChannelGroup,
  type GroupMember,
  type LayerGraph,
  type WeightTensor,
} from '@tersor/core';

/** Criteria that give every channel a score of its own; see the functions of this file. */
export type ScoreName = 'l1' | 'l2' | 'batch-norm' | 'fpgm' | 'taylor' | 'random';

/**
 * How the importance of a channel is judged. By `reconstruction` it depends on the channels that went before:
 * see `removalOrders`.
 */
export type CriterionName = ScoreName | 'reconstruction';

/** What a criterion may look at. */
export interface CriterionContext {
  readonly graph: LayerGraph;
  readonly seed: number;
  /** Mean gradients of the loss by `layer/weight`, one set per calibration batch; only for `taylor`. */
  readonly gradients?: readonly ReadonlyMap<string, Float32Array>[];
}

/**
 * One score per channel of a group; channels with low scores go first. Scores of different groups are not on
 * one scale.
 */
export type Criterion = (group: ChannelGroup, context: CriterionContext) => Float64Array;

/** All scores by name. */
export const CRITERIA: Readonly<Record<ScoreName, Criterion>> = {
  l1: (group, context) => kernelNorm(group, context, Math.abs),
  l2: (group, context) => kernelNorm(group, context, (value) => value * value).map(Math.sqrt),
  'batch-norm': batchNormScale,
  fpgm: geometricMedianDistance,
  taylor: taylorExpansion,
  random: (group, { seed }) => {
    const random = createRandom(seed, `criterion/${group.name}`);
    return Float64Array.from({ length: group.channels }, () => random.uniform());
  },
};

/**
 * Sum of `measure(w)` over the kernel weights that read the channel (AMC: He et al., ECCV 2018, section 3.3,
 * ranks input channels so); with batch norm in between, the norm of the weights that produce a channel says
 * nothing about it. Where nothing reads it, those that produce it.
 */
function kernelNorm(
  group: ChannelGroup,
  { graph }: CriterionContext,
  measure: (value: number) => number,
): Float64Array {
  const scores = new Float64Array(group.channels);
  for (const member of kernelMembers(group)) {
    visit(
      member,
      weightOf(graph, member),
      (channel, value) => (scores[channel] = scores[channel]! + measure(value)),
    );
  }
  return scores;
}

/**
 * Sum of |gamma| of the batch norms that scale the channel (Network Slimming: Liu et al., ICCV 2017, section
 * 3); L1 where there is none.
 */
function batchNormScale(group: ChannelGroup, context: CriterionContext): Float64Array {
  const scales = group.members.filter(({ weight, role }) => weight === 'gamma' && role === 'carries');
  if (scales.length === 0) return kernelNorm(group, context, Math.abs);
  const scores = new Float64Array(group.channels);
  for (const member of scales)
    visit(
      member,
      weightOf(context.graph, member),
      (channel, value) => (scores[channel] = scores[channel]! + Math.abs(value)),
    );
  return scores;
}

/**
 * Sum of the Euclidean distances between the filters that produce the channel and those of all others (FPGM:
 * He et al., CVPR 2019, equation 5).
 */
function geometricMedianDistance(group: ChannelGroup, { graph }: CriterionContext): Float64Array {
  const filters = Array.from({ length: group.channels }, (): number[] => []);
  for (const member of group.members) {
    if (member.role === 'produces')
      visit(member, weightOf(graph, member), (channel, value) => filters[channel]!.push(value));
  }
  return Float64Array.from(filters, (filter) =>
    filters.reduce(
      (sum, other) =>
        sum + Math.sqrt(filter.reduce((square, value, i) => square + (value - other[i]!) ** 2, 0)),
      0,
    ),
  );
}

/**
 * Mean over calibration batches of |sum w * dL/dw| over the weights that read the channel. A layer is linear
 * in its input x, so this sum is x * dL/dx summed over positions: the first-order change of the loss when the
 * channel is set to zero (Molchanov et al., ICLR 2017, equation 6).
 */
function taylorExpansion(group: ChannelGroup, { graph, gradients = [] }: CriterionContext): Float64Array {
  const scores = new Float64Array(group.channels);
  for (const batch of gradients) {
    const change = new Float64Array(group.channels);
    for (const member of kernelMembers(group)) {
      const gradient = batch.get(`${member.layer}/${member.weight}`)!;
      visit(
        member,
        weightOf(graph, member),
        (channel, value, at) => (change[channel] = change[channel]! + value * gradient[at]!),
      );
    }
    change.forEach((value, channel) => (scores[channel] = scores[channel]! + Math.abs(value)));
  }
  return scores;
}

function kernelMembers(group: ChannelGroup): readonly GroupMember[] {
  const readers = group.members.filter(({ role }) => role === 'consumes');
  return readers.length > 0 ? readers : group.members.filter(({ role }) => role === 'produces');
}

function weightOf(graph: LayerGraph, { layer, weight }: GroupMember): WeightTensor {
  return graph.layers.find(({ name }) => name === layer)!.weights.find(({ name }) => name === weight)!;
}

/** Calls back for every value of a weight that belongs to a channel of the group. */
function visit(
  member: GroupMember,
  { data, shape }: WeightTensor,
  each: (channel: number, value: number, at: number) => void,
): void {
  const size = shape[member.axis]!;
  const inner = elementCount(shape.slice(member.axis + 1));
  const channelOf = new Int32Array(size).fill(-1);
  member.indexes.forEach((owned, channel) => owned.forEach((index) => (channelOf[index] = channel)));
  for (let at = 0; at < data.length; at++) {
    const channel = channelOf[Math.floor(at / inner) % size]!;
    if (channel >= 0) each(channel, data[at]!, at);
  }
}
