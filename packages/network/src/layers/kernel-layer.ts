import { followWeights } from './channel-rules.js';
import type { ActivationFacts, LayerFacts, OffsetWeight, WeightAxis } from './layer-facts.js';

/** The bias of a layer, added to what it gives. */
export const BIAS_AXIS: WeightAxis = {
  weight: 'bias',
  rank: 1,
  axis: 0,
  role: 'carries',
  of: 'outputs',
  optional: true,
};

/** Where a constant goes in a layer with a bias. */
export const BIAS_OFFSET: OffsetWeight = { weight: 'bias', sign: 1 };

/** The activation that a layer's config names. */
export const OWN_ACTIVATION: ActivationFacts = {
  of: ({ config }) => config['activation'],
  without: (layer) => ({ ...layer, config: { ...layer.config, activation: 'linear' } }),
};

/** The facts that all layers share of which every output channel reads every input channel by a `kernel`. */
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

/** Writes the number of output channels under a key of a config that has it. */
export function withChannelCount(key: 'filters' | 'units'): NonNullable<LayerFacts['resized']> {
  return (config, outputShape) =>
    typeof config[key] === 'number' ? { ...config, [key]: outputShape.at(-1) } : config;
}
