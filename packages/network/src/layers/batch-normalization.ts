import type { GraphLayer } from '@tersor/core';
import type { PlanWeight } from '../inference/plan-step.js';
import { followWeights } from './channel-rules.js';
import { isLastAxis } from './layer-weights.js';
import type { LayerFacts, WeightAxis } from './layer-facts.js';
import { planWeight } from './operations.js';

const WEIGHTS = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
  (weight): WeightAxis => ({ weight, rank: 1, axis: 0, role: 'carries', of: 'outputs', optional: true }),
);

const byChannel = followWeights(WEIGHTS);

/** Batch norm. At inference it uses its moving statistics. */
export const BATCH_NORMALIZATION: LayerFacts = {
  className: 'BatchNormalization',
  channels: {
    how: 'kept',
    // Along another axis, the statistics belong to positions, which are not removed.
    rule: (site, table) =>
      isLastAxis(site.layer.config['axis'], site.inputShapes[0]!.length)
        ? byChannel(site, table)
        : site.inputs[0],
  },
  weights: WEIGHTS,
  operations: ({ layer, inputShapes }) => {
    const rank = inputShapes[0]!.length;
    const axis = Number(layer.config['axis'] ?? -1);
    const { scale, shift } = affine(layer);
    // Append axes of length 1, which are broadcast, for the axes after `axis` (which counts the batch).
    const after = axis === -1 ? 0 : rank - axis;
    const spread = ({ shape, data }: PlanWeight): PlanWeight => ({
      shape: [...shape, ...Array.from({ length: after }, () => 1)],
      data,
    });
    return [{ operation: { kind: 'scale-shift', scale: spread(scale), shift: spread(shift) } }];
  },
  rides: 'always',
  inputOffset: ({ config }, inputShape) =>
    isLastAxis(config['axis'], inputShape.length) ? { weight: 'moving_mean', sign: -1 } : undefined,
  statistics: true,
};

/** `gamma (x - mean) / sqrt(variance + epsilon) + beta` as `x * scale + shift`. */
function affine(layer: GraphLayer): { scale: PlanWeight; shift: PlanWeight } {
  const mean = planWeight(layer, 'moving_mean')!;
  const variance = planWeight(layer, 'moving_variance')!;
  const gamma = planWeight(layer, 'gamma');
  const beta = planWeight(layer, 'beta');
  const epsilon = Number(layer.config['epsilon'] ?? 1e-3);
  const scale = variance.data.map((value, i) => (gamma?.data[i] ?? 1) / Math.sqrt(value + epsilon));
  const shift = mean.data.map((value, i) => (beta?.data[i] ?? 0) - value * scale[i]!);
  return { scale: { shape: mean.shape, data: scale }, shift: { shape: mean.shape, data: shift } };
}
