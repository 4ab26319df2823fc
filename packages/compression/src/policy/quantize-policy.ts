import type { LayerGraph } from '@tersor/core';
import { withRoundedActivations, bitOperations, type ActivationPolicy } from '@tersor/network';
import type { BitPolicy } from './quantized-graph.js';

/**
 * What stage 2 chooses for the layers: the bit widths of their kernels and, where activations are rounded,
 * how their inputs are.
 */
export interface QuantizePolicy {
  readonly weights: BitPolicy;
  readonly activations?: ActivationPolicy;
}

/**
 * The network with the inputs of its layers rounded as the policy says; the same network where the policy
 * rounds none.
 */
export function withPolicyActivations(graph: LayerGraph, { activations }: QuantizePolicy): LayerGraph {
  return activations ? withRoundedActivations(graph, activations) : graph;
}

/** Bit operations of one image when a policy is carried out on a network. */
export function operationsOfPolicy(graph: LayerGraph, { weights, activations }: QuantizePolicy): number {
  return bitOperations(graph, (layer) => ({
    weights: weights[layer],
    activations: activations?.[layer]?.bits,
  }));
}
