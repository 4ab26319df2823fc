import type { GraphLayer, WeightTensor } from '@tersor/core';

/** A layer that a format makes of an operator of its file; its name comes from there. */
export interface LoweredLayer {
  readonly className: string;
  readonly config: GraphLayer['config'];
  readonly weights?: readonly WeightTensor[];
}

/** Why an operator has no layers that compute the same; in words that go on after its name. */
export class Refusal extends Error {}
