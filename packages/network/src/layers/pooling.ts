import { TersorError } from '@tersor/core';
import { TRAINED_AVERAGE } from '../gradients/pooling-layer.js';
import { KEPT } from './channel-rules.js';
import type { LayerFacts, TrainingRule } from './layer-facts.js';
import { poolOperation } from './operations.js';

/** Common facts of layers that pool positions. */
function pooling(className: string, own: Partial<LayerFacts> = {}): LayerFacts {
  return { className, channels: KEPT, probabilities: () => 'mixed', ...own };
}

/** Its gradient of volumes is wrong, too, and has no substitute. */
const refuseSame: TrainingRule = ({ layer }) => {
  if (layer.config['padding'] !== 'same') return undefined;
  throw new TersorError(
    'TRAINING_UNSUPPORTED',
    `Layer "${layer.name}" (AveragePooling3D) has a wrong gradient in TensorFlow.js where its padding is "same".`,
    { hint: 'Use "valid" padding.' },
  );
};

/** Pooling over windows, of sequences, images and volumes. */
export const AVERAGE_POOLING: readonly LayerFacts[] = [
  pooling('AveragePooling1D', { training: TRAINED_AVERAGE }),
  pooling('AveragePooling2D', {
    operations: ({ layer }) => poolOperation('average-pool', layer.config),
    training: TRAINED_AVERAGE,
  }),
  pooling('AveragePooling3D', { training: refuseSame }),
];
export const MAX_POOLING: readonly LayerFacts[] = [
  pooling('MaxPooling1D'),
  pooling('MaxPooling2D', { operations: ({ layer }) => poolOperation('max-pool', layer.config) }),
  pooling('MaxPooling3D'),
];

/** Pooling over all positions. */
export const GLOBAL_POOLING: readonly LayerFacts[] = [
  pooling('GlobalAveragePooling1D'),
  pooling('GlobalAveragePooling2D', {
    operations: () => [{ operation: { kind: 'global-average-pool' } }],
  }),
  pooling('GlobalMaxPooling1D'),
  pooling('GlobalMaxPooling2D'),
];
