import type { GraphLayer, WeightTensor } from '@tersor/core';

/** A layer that a format creates for an operator of its file; it gets the operator's name. */
export interface LoweredLayer {
  readonly className: string;
  readonly config: GraphLayer['config'];
  readonly weights?: readonly WeightTensor[];
}

/**
 * Why an operator of a file cannot be expressed as layers, or a layer not as operators, as text that follows
 * its name.
 */
export class Refusal extends Error {}
