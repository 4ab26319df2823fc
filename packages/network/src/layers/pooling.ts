import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';
import { poolOperation } from './operations.js';

/** Common facts of layers that pool positions. */
function pooling(className: string, own: Partial<LayerFacts> = {}): LayerFacts {
  return { className, channels: KEPT, probabilities: () => 'mixed', ...own };
}

/** Pooling over windows, of sequences, images and volumes. */
export const AVERAGE_POOLING: readonly LayerFacts[] = [
  pooling('AveragePooling1D'),
  pooling('AveragePooling2D', { operations: ({ layer }) => poolOperation('average-pool', layer.config) }),
  pooling('AveragePooling3D'),
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
