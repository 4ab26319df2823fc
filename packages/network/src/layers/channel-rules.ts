import type { GraphLayer } from '@tersor/core';
import type { ChannelTable } from '../groups/channel-table.js';
import { isSoftmax } from '../graph/softmax-activation.js';
import { weightShape } from './layer-weights.js';
import type { ChannelRule, LayerFacts, WeightAxis } from './layer-facts.js';

/** Channels pass unchanged in number and order. */
export const KEPT: NonNullable<LayerFacts['channels']> = { how: 'kept', rule: ({ inputs }) => inputs[0] };

/**
 * The rule of a layer whose channels are determined by the given weight axes. If one of them produces
 * channels, its outputs are new channels; otherwise each input channel is repeated `outputsPerInput` times.
 * Weights of other sizes are not understood; for instance, a grouped convolution reads fewer channels than
 * its input has.
 */
export function followWeights(
  axes: readonly WeightAxis[],
  outputsPerInput: NonNullable<LayerFacts['outputsPerInput']> = () => 1,
): ChannelRule {
  return ({ layer, inputs: [input = []] }, table) => {
    const present = axes.filter(({ weight }) => weightShape(layer, weight));
    const sizeOf = ({ weight, axis }: WeightAxis) => weightShape(layer, weight)!.at(axis)!;
    const produces = present.find(({ role }) => role === 'produces');
    const repeats = outputsPerInput(layer) ?? 1;
    const outputs = produces ? sizeOf(produces) : input.length * repeats;
    const fits = axes.every((each) => {
      const shape = weightShape(layer, each.weight);
      const channels = each.of === 'inputs' ? input.length : outputs;
      return shape
        ? (each.rank ?? shape.length) === shape.length &&
            sizeOf(each) === channels * (each.perChannel?.(layer) ?? 1)
        : each.optional === true;
    });
    if (!fits) return undefined;
    let output = produces ? [] : repeatEach(input, repeats);
    for (const each of present) {
      const { weight, role, of, perChannel } = each;
      const axis = each.axis < 0 ? each.axis + weightShape(layer, weight)!.length : each.axis;
      if (role === 'produces') output = table.own(layer.name, weight, axis, role, table.create(outputs));
      else {
        const owners = repeatEach(of === 'inputs' ? input : output, perChannel?.(layer) ?? 1);
        table.own(layer.name, weight, axis, role, owners);
      }
    }
    freezeMixing(layer, output, table);
    return output;
  };
}

/** Freezes the output channels of a layer if its activation mixes them. */
export function freezeMixing(layer: GraphLayer, channels: readonly number[], table: ChannelTable): void {
  const activation = layer.config['activation'];
  if (isSoftmax(activation)) {
    table.freeze(channels, `${layer.name}: ${String(activation)} divides by a sum over all channels`);
  }
}

function repeatEach(channels: readonly number[], times: number): readonly number[] {
  return times === 1 ? channels : channels.flatMap((channel) => Array.from({ length: times }, () => channel));
}
