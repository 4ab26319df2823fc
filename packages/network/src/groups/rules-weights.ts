import type { GraphLayer } from '@tersor/core';
import type { ChannelTable } from './channel-table.js';
import { freezeMixing, isLastAxis, weightShape, type LayerRule } from './layer-rule.js';

/**
 * Rules of the layers that have weights. Each checks that the weights have the shape it expects: a grouped
 * convolution, say, reads fewer channels than its input has, and must become a barrier.
 */
export const WEIGHT_RULES: Readonly<Record<string, LayerRule>> = {
  Conv1D: dense('kernel', 3, 1, 2),
  Conv2D: dense('kernel', 4, 2, 3),
  Conv3D: dense('kernel', 5, 3, 4),
  Conv2DTranspose: dense('kernel', 4, 3, 2),
  Conv3DTranspose: dense('kernel', 5, 4, 3),
  Dense: dense('kernel', 2, 0, 1),

  // Output channel c * multiplier + m reads input channel c alone: all of them go together.
  DepthwiseConv2D: ({ layer, inputs: [input = []] }, table) => {
    const shape = weightShape(layer, 'depthwise_kernel');
    if (shape?.[2] !== input.length) return undefined;
    table.own(layer.name, 'depthwise_kernel', 2, 'carries', input);
    const output = repeatEach(input, shape[3]!);
    ownBias(layer, output, table);
    freezeMixing(layer, output, table);
    return output;
  },

  SeparableConv2D: ({ layer, inputs: [input = []] }, table) => {
    const depthwise = weightShape(layer, 'depthwise_kernel');
    const pointwise = weightShape(layer, 'pointwise_kernel');
    if (!pointwise || depthwise?.[2] !== input.length) return undefined;
    table.own(layer.name, 'depthwise_kernel', 2, 'carries', input);
    table.own(layer.name, 'pointwise_kernel', 2, 'consumes', repeatEach(input, depthwise[3]!));
    const output = table.own(layer.name, 'pointwise_kernel', 3, 'produces', table.create(pointwise[3]!));
    ownBias(layer, output, table);
    freezeMixing(layer, output, table);
    return output;
  },

  BatchNormalization: ({ layer, inputs: [input = []], inputShapes }, table) => {
    // Along another axis the statistics belong to positions, which stay.
    if (!isLastAxis(layer.config['axis'], inputShapes[0]!.length)) return input;
    for (const { name, shape } of layer.weights) {
      if (shape.length !== 1 || shape[0] !== input.length) return undefined;
      table.own(layer.name, name, 0, 'carries', input);
    }
    return input;
  },

  PReLU: ({ layer, inputs: [input = []] }, table) => {
    const shape = weightShape(layer, 'alpha');
    if (!shape) return undefined;
    const last = shape.length - 1;
    if (shape[last] === input.length) table.own(layer.name, 'alpha', last, 'carries', input);
    // A slope that all channels share does not care how many there are.
    else if (shape[last] !== 1) return undefined;
    return input;
  },
};

/** A layer whose every output channel reads every input channel through a kernel. */
function dense(name: string, rank: number, inputAxis: number, outputAxis: number): LayerRule {
  return ({ layer, inputs: [input = []] }, table) => {
    const shape = weightShape(layer, name);
    if (shape?.length !== rank || shape[inputAxis] !== input.length) return undefined;
    table.own(layer.name, name, inputAxis, 'consumes', input);
    const output = table.own(layer.name, name, outputAxis, 'produces', table.create(shape[outputAxis]!));
    ownBias(layer, output, table);
    freezeMixing(layer, output, table);
    return output;
  };
}

function ownBias(layer: GraphLayer, output: readonly number[], table: ChannelTable): void {
  if (weightShape(layer, 'bias')) table.own(layer.name, 'bias', 0, 'carries', output);
}

function repeatEach(channels: readonly number[], times: number): readonly number[] {
  return channels.flatMap((channel) => Array.from({ length: times }, () => channel));
}
