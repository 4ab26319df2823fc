import type { LayerCall } from '@tersor/core';
import type { ChannelRule, LayerFacts } from './layer-facts.js';

/**
 * A reshape keeps the row-major order, so element f belongs to channel f mod C before and to channel f mod D
 * after it. If D is a multiple of C (a flatten), each channel owns several indexes; if C is a multiple of D,
 * channels are joined. Both follow from joining the two owners of every element, and still hold on the
 * shorter axes after whole channels are removed.
 */
const rule: ChannelRule = ({ inputs: [input = []], inputShapes, outputShape }, table) => {
  const size = outputShape.at(-1);
  if (size === undefined || input.length === 0 || [...inputShapes[0]!, ...outputShape].includes(undefined))
    return undefined;
  const output = Array.from({ length: size }, (_, d) => input[d % input.length]!);
  const period = leastCommonMultiple(input.length, size);
  for (let f = size; f < period; f++) table.join([output[f % size]!], [input[f % input.length]!]);
  return output;
};

const SHARED: Omit<LayerFacts, 'className'> = {
  channels: { how: 'identified again after the change of shape', rule },
  outputChannels: ({ inputs, outputBefore }) => product(inputs[0]!) / product(outputBefore.slice(0, -1)),
  operations: ({ outputShape }) => [{ operation: { kind: 'reshape', shape: outputShape } }],
  rides: 'after one input',
  probabilities: () => 'kept',
};

/** Flattens a sample to one axis. */
export const FLATTEN: LayerFacts = { ...SHARED, className: 'Flatten' };

/** Changes the shape to the target shape in the config. */
export const RESHAPE: LayerFacts = {
  ...SHARED,
  className: 'Reshape',
  channels: {
    ...SHARED.channels!,
    rule: (site, table) => {
      const output = rule(site, table);
      // All calls of a shared layer have the same target shape, so their outputs must lose the same channels.
      return output && table.sameForAllCalls(site.layer.name, output);
    },
  },
  resized: (config, outputShape) => ({ ...config, target_shape: outputShape }),
};

/** Product of sizes. There are no open sizes: the rule makes them a barrier. */
function product(shape: LayerCall['outputShape']): number {
  return shape.reduce<number>((result, size) => result * (size ?? 1), 1);
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
