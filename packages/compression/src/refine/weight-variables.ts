/** What an optimizer moves in order to change one weight array. */
export interface WeightVariables {
  /** The weights, which the optimizer moves in place. */
  readonly values: Float32Array;
  /** How far a step moves them, as a share of the learning rate. */
  readonly rate: number;
  /** Gradients of the variables, from those of the weights. */
  gradients(gradient: Float32Array): Float32Array;
}

/** The least size that an array is taken to have, so that an array of zeros can move at all. */
const LEAST_SIZE = 1e-3;

/**
 * Variables for a weight array. A step is relative to the root mean square of the array as it is at the
 * beginning, so that one learning rate suits kernels, biases and the scales of batch norm.
 * @param pruned the same array, whose zeros stay: pruned kernel slices do not grow back
 */
export function weightVariables(data: Float32Array, pruned?: Float32Array): WeightVariables {
  const squares = data.reduce((sum, value) => sum + value * value, 0);
  return {
    values: Float32Array.from(data),
    rate: Math.max(LEAST_SIZE, Math.sqrt(squares / Math.max(1, data.length))),
    gradients: (gradient) => (pruned ? gradient.map((value, i) => (pruned[i] === 0 ? 0 : value)) : gradient),
  };
}
