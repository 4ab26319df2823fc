import type { GraphLayer, WeightTensor } from '@tersor/core';
import { inGroups } from '@tersor/runtime';
import { dilatedConvolution } from '../gradients/dilated-convolution.js';
import { trainedWhereDilated } from '../gradients/dilated-layer.js';
import { freezeMixing } from './channel-rules.js';
import { BIAS_AXIS, BIAS_OFFSET, OWN_ACTIVATION } from './kernel-layer.js';
import type { ChannelRule, LayerFacts, WeightAxis } from './layer-facts.js';
import { weightShape } from './layer-weights.js';
import { planBias, planWeight, withActivation } from './operations.js';
import { stockLayer } from './stock-layer.js';
import { kernelWindow } from './window.js';

/** Number of groups of a convolution, and input and output channels per group. */
interface Blocks {
  readonly groups: number;
  readonly inputs: number;
  readonly outputs: number;
}

function blocksOf(layer: GraphLayer): Blocks | undefined {
  const shape = weightShape(layer, 'kernel');
  const groups = Number(layer.config['groups'] ?? 1);
  return shape?.length === 4 ? { groups, inputs: shape[2]!, outputs: shape[3]! / groups } : undefined;
}

/**
 * Whether pruning removes whole groups, inputs with outputs. Otherwise every group loses the same channels,
 * with inputs and outputs independent. Both leave groups of equal size; the one with more choices is used.
 */
function losesWholeGroups({ groups, inputs, outputs }: Blocks): boolean {
  return groups > Math.min(inputs, outputs);
}

const WEIGHTS: readonly WeightAxis[] = [
  {
    weight: 'kernel',
    rank: 4,
    axis: 2,
    role: 'consumes',
    of: 'inputs',
    perChannel: (layer) => {
      const blocks = blocksOf(layer);
      return blocks && !losesWholeGroups(blocks) ? 1 / blocks.groups : undefined;
    },
  },
  { weight: 'kernel', rank: 4, axis: 3, role: 'produces', of: 'outputs' },
  BIAS_AXIS,
];

const rule: ChannelRule = ({ layer, inputs: [input = []] }, table) => {
  const blocks = blocksOf(layer);
  if (!blocks || input.length !== blocks.groups * blocks.inputs) return undefined;
  const { groups } = blocks;
  const outputs = table.own(layer.name, 'kernel', 3, 'produces', table.create(groups * blocks.outputs));
  if (losesWholeGroups(blocks)) {
    const all = (count: number, channel: number) => Array.from({ length: count }, () => channel);
    for (let group = 0; group < groups; group++) {
      const read = input.slice(group * blocks.inputs, (group + 1) * blocks.inputs);
      const made = outputs.slice(group * blocks.outputs, (group + 1) * blocks.outputs);
      table.join([...read, ...made], all(read.length + made.length, read[0]!));
    }
  } else {
    joinBlocks(input, groups, table);
    joinBlocks(outputs, groups, table);
    table.own(layer.name, 'kernel', 2, 'consumes', input.slice(0, blocks.inputs));
  }
  if (weightShape(layer, 'bias')) table.own(layer.name, 'bias', 0, 'carries', outputs);
  freezeMixing(layer, outputs, table);
  return outputs;
};

/** Joins the first channels of all blocks, then the second ones, and so on. */
export function joinBlocks(
  channels: readonly number[],
  blocks: number,
  table: { join(left: readonly number[], right: readonly number[]): void },
): void {
  const size = channels.length / blocks;
  for (let start = size; start < channels.length; start += size)
    table.join(channels.slice(0, size), channels.slice(start, start + size));
}

/** A grouped convolution: each group of outputs reads one group of inputs. */
export const GROUPED_CONV2D: LayerFacts = {
  className: 'TersorGroupedConv2D',
  channels: { how: 'mixed within groups; whole groups are removed, or the same channels of each', rule },
  weights: WEIGHTS,
  resized: (config, outputShape, { weights, inputs }) => {
    const read = weights.find(({ name }) => name === 'kernel')?.shape[2];
    const channels = inputs[0]?.at(-1);
    return {
      ...config,
      filters: outputShape.at(-1),
      ...(read !== undefined && channels !== undefined && { groups: channels / read }),
    };
  },
  blocks: (layer) => {
    const blocks = blocksOf(layer);
    if (!blocks) return undefined;
    const isTied = losesWholeGroups(blocks);
    const { groups, inputs, outputs } = blocks;
    return isTied ? { inputs, outputs, isTied } : { inputs: groups, outputs: groups, isTied };
  },
  positions: 'output',
  operations: ({ layer }) => {
    const window = kernelWindow(layer, 'kernel');
    const kernel = planWeight(layer, 'kernel');
    const blocks = blocksOf(layer);
    if (!window || !kernel || !blocks) return undefined;
    const { padding, strides, dilation } = window;
    const { groups } = blocks;
    return withActivation(
      { kind: 'convolution', kernel, ...planBias(layer), groups, padding, strides, dilation },
      layer,
    );
  },
  window: (layer) => kernelWindow(layer, 'kernel'),
  refit: 'kernel',
  kernels: [{ weight: 'kernel', how: 'mixes' }],
  groups: (layer) => blocksOf(layer)?.groups ?? 1,
  outputOffset: BIAS_OFFSET,
  activation: OWN_ACTIVATION,
  training: trainedWhereDilated((image, how, { layer, kernel }) =>
    inGroups(image, kernel('kernel'), Number(layer.config['groups']), (part, own) =>
      dilatedConvolution(part, own, { ...how, depthwise: false }),
    ),
  ),
  stock: (layer) => {
    const { groups, filters: _filters, ...config } = layer.config;
    if (groups === 1) return { ...layer, className: 'Conv2D', config: withoutKey(layer.config, 'groups') };
    const kernel = layer.weights.find(({ name }) => name === 'kernel')!;
    const [height, width, inputs, outputs] = kernel.shape as [number, number, number, number];
    const isDilated = [config['dilation_rate'] ?? 1].flat().some((rate) => rate !== 1);
    // TensorFlow.js passes over the dilation of a depthwise convolution.
    if (inputs > 1 || isDilated) return undefined;
    const multiplier = outputs / Number(groups);
    const shape = [height, width, Number(groups), multiplier];
    const renamed = (weight: WeightTensor) =>
      weight === kernel ? { ...weight, name: 'depthwise_kernel', shape } : weight;
    return {
      ...stockLayer(layer, 'DepthwiseConv2D', { ...config, depth_multiplier: multiplier }),
      weights: layer.weights.map(renamed),
    };
  },
};

function withoutKey(config: GraphLayer['config'], key: string): GraphLayer['config'] {
  return Object.fromEntries(Object.entries(config).filter(([each]) => each !== key));
}
