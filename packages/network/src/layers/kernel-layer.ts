import { followWeights } from './channel-rules.js';
import type { ActivationFacts, LayerFacts, OffsetWeight, WeightAxis } from './layer-facts.js';

/** The axis of a bias. */
export const BIAS_AXIS: WeightAxis = {
  weight: 'bias',
  rank: 1,
  axis: 0,
  role: 'carries',
  of: 'outputs',
  optional: true,
};

/** A bias as the place for a constant that is added to the output. */
export const BIAS_OFFSET: OffsetWeight = { weight: 'bias', sign: 1 };

/** The activation that a layer's config names. */
export const OWN_ACTIVATION: ActivationFacts = {
  of: ({ config }) => config['activation'],
  without: (layer) => ({ ...layer, config: { ...layer.config, activation: 'linear' } }),
};

/** Common facts of layers with a `kernel` in which every output channel reads every input channel. */
export function kernelLayer(
  className: string,
  { rank, inputs, outputs }: { readonly rank: number; readonly inputs: number; readonly outputs: number },
  own: Partial<LayerFacts> = {},
): LayerFacts {
  const weights: readonly WeightAxis[] = [
    { weight: 'kernel', rank, axis: inputs, role: 'consumes', of: 'inputs' },
    { weight: 'kernel', rank, axis: outputs, role: 'produces', of: 'outputs' },
    BIAS_AXIS,
  ];
  return {
    className,
    channels: { how: 'mixed by the kernel', rule: followWeights(weights) },
    weights,
    resized: withChannelCount('filters'),
    positions: 'output',
    outputOffset: BIAS_OFFSET,
    activation: OWN_ACTIVATION,
    ...own,
  };
}

/** Sets the number of output channels in a config, if it has that key. */
export function withChannelCount(key: 'filters' | 'units'): NonNullable<LayerFacts['resized']> {
  return (config, outputShape) =>
    typeof config[key] === 'number' ? { ...config, [key]: outputShape.at(-1) } : config;
}
