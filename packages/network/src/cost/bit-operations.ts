import type { LayerGraph } from '@tersor/core';
import { cost } from './cost.js';

/** Bits of a value that is not quantized: a float. */
export const FLOAT_BITS = 32;

/** Bit widths of a layer's kernels and of its inputs. */
export interface OperandBits {
  readonly weights: number;
  readonly activations: number;
}

/**
 * Bit operations of one image: the sum over the layers of multiply-adds x weight bits x input bits (van
 * Baalen et al., "Bayesian Bits", NeurIPS 2020). `bitsOf` returns the bits of a layer by name; what is left
 * out counts as 32.
 */
export function bitOperations(
  graph: LayerGraph,
  bitsOf: (layer: string) => { readonly [K in keyof OperandBits]?: number | undefined } = () => ({}),
): number {
  return cost(graph).layers.reduce((sum, { name, macs }) => {
    const { weights = FLOAT_BITS, activations = FLOAT_BITS } = bitsOf(name);
    return sum + macs * weights * activations;
  }, 0);
}
