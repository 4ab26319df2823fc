import type { LayerCall } from '@tersor/core';
import type { ChannelRule, LayerFacts } from './layer-facts.js';

/**
 * Row-major order stays, only the length of the last axis changes: element f belongs to channel f mod C
 * before and to channel f mod D after. When D is a multiple of C (a flatten), channel c owns a block of
 * indexes; when C is a multiple of D, channels are joined. Both follow from joining the two owners of every
 * element, and hold again on the shorter axes once whole channels are gone.
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
  channels: { how: 'told apart again after the change of shape', rule },
  outputChannels: ({ inputs, outputBefore }) => product(inputs[0]!) / product(outputBefore.slice(0, -1)),
  operations: ({ outputShape }) => [{ operation: { kind: 'reshape', shape: outputShape } }],
  rides: 'after one input',
  probabilities: () => 'kept',
};

/** All values in one row. */
export const FLATTEN: LayerFacts = { ...SHARED, className: 'Flatten' };

/** Another shape, which the config holds. */
export const RESHAPE: LayerFacts = {
  ...SHARED,
  className: 'Reshape',
  channels: {
    ...SHARED.channels!,
    rule: (site, table) => {
      const output = rule(site, table);
      // The target shape is one for all calls of a shared layer, so their outputs must keep as many channels.
      return output && table.sameForAllCalls(site.layer.name, output);
    },
  },
  resized: (config, outputShape) => ({ ...config, target_shape: outputShape }),
};

/** Open sizes do not get here: a reshape of them is a barrier. */
function product(shape: LayerCall['outputShape']): number {
  return shape.reduce<number>((result, size) => result * (size ?? 1), 1);
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
