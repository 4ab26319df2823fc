import { createRandom, elementCount, type LayerGraph } from '@tersor/core';
import { isFrozen } from './frozen-layers.js';

/**
 * Initializes the kernels of an untrained network from a seed: He normal, `N(0, 2 / fan_in)` (He et al. 2015,
 * equation 10). tfjs's own initializers are seeded layer by layer in the network's configs, not from outside.
 * Other weights and frozen layers (a pretrained backbone) keep their values.
 */
export function initializeKernels(graph: LayerGraph, seed: number): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => {
        if (!weight.name.endsWith('kernel') || isFrozen(layer)) return weight;
        const random = createRandom(seed, `initialize/${layer.name}/${weight.name}`);
        // Depthwise kernels are [h, w, channels, multiplier]: each output sees h * w inputs. Others: all but
        // the last axis.
        const fanIn = elementCount(weight.shape.slice(0, weight.name === 'depthwise_kernel' ? 2 : -1));
        const deviation = Math.sqrt(2 / fanIn);
        return { ...weight, data: Float32Array.from(weight.data, () => random.normal() * deviation) };
      }),
    })),
  };
}
