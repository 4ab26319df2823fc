import type { ChannelTable } from './channel-table.js';
import { freezeMixing, isLastAxis, type CallSite, type LayerRule } from './layer-rule.js';

/** Layers that treat every channel by itself and keep their number and order. */
const CHANNEL_WISE = new Set([
  'ActivityRegularization',
  'AlphaDropout',
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'Cropping2D',
  'Dropout',
  'ELU',
  'GaussianDropout',
  'GaussianNoise',
  'GlobalAveragePooling1D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
  'LeakyReLU',
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'ReLU',
  'RepeatVector',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'ThresholdedReLU',
  'UpSampling2D',
  'ZeroPadding2D',
]);

/** Layers that combine tensors element by element. */
export const ELEMENT_WISE = new Set(['Add', 'Subtract', 'Multiply', 'Maximum', 'Minimum', 'Average']);

/** Rules of the layers without weights, besides the channel-wise ones. */
export const SHAPE_RULES: Readonly<Record<string, LayerRule>> = {
  ...Object.fromEntries(
    [...CHANNEL_WISE].map((name): [string, LayerRule] => [name, ({ inputs }) => inputs[0]]),
  ),
  ...Object.fromEntries([...ELEMENT_WISE].map((name): [string, LayerRule] => [name, elementWise])),

  Activation: ({ layer, inputs: [input = []] }, table) => {
    freezeMixing(layer, input, table);
    return input;
  },

  Softmax: ({ layer, inputs: [input = []], inputShapes }, table) => {
    if (isLastAxis(layer.config['axis'], inputShapes[0]!.length))
      table.freeze(input, `${layer.name}: softmax divides by a sum over all channels`);
    return input;
  },

  Concatenate: ({ layer, inputs, outputShape }, table) => {
    if (isLastAxis(layer.config['axis'], outputShape.length)) return inputs.flat();
    // Along height or width: position by position the same channels.
    inputs.slice(1).forEach((input) => table.join(inputs[0]!, input));
    return inputs[0];
  },

  Permute: ({ layer, inputs, outputShape }) => {
    const dims = layer.config['dims'];
    return Array.isArray(dims) && dims.at(-1) === outputShape.length ? inputs[0] : undefined;
  },

  Flatten: reshape,
  Reshape: (site, table) => {
    const output = reshape(site, table);
    // The target shape is one for all calls of a shared layer, so their outputs must keep the same width.
    return output && table.sameForAllCalls(site.layer.name, output);
  },
};

/**
 * Row-major order stays, only the length of the last axis changes: element f belongs to channel f mod C
 * before and to channel f mod D after. When D is a multiple of C (a flatten), channel c owns a block of
 * indexes; when C is a multiple of D, channels are joined. Both follow from joining the two owners of every
 * element, and hold again on the shorter axes once whole channels are gone.
 */
function reshape(
  { inputs: [input = []], inputShapes, outputShape }: CallSite,
  table: ChannelTable,
): readonly number[] | undefined {
  const size = outputShape.at(-1);
  if (size === undefined || input.length === 0 || [...inputShapes[0]!, ...outputShape].includes(undefined))
    return undefined;
  const output = Array.from({ length: size }, (_, d) => input[d % input.length]!);
  const period = leastCommonMultiple(input.length, size);
  for (let f = size; f < period; f++) table.join([output[f % size]!], [input[f % input.length]!]);
  return output;
}

/** Tensors are aligned at their last axes, as tfjs does; a length of 1 is broadcast. */
function elementWise({ layer, inputs }: CallSite, table: ChannelTable): readonly number[] | undefined {
  const widest = inputs.reduce((best, input) => (input.length > best.length ? input : best));
  for (const input of inputs) {
    if (input.length === widest.length) table.join(widest, input);
    else if (input.length === 1)
      table.freeze(input, `${layer.name}: one channel is spread over all channels`);
    else return undefined;
  }
  return widest;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
