/** Settings of stochastic gradient descent. */
export interface SgdOptions {
  readonly momentum: number;
  /** L2 penalty, added to the gradient. */
  readonly weightDecay: number;
  /** L1 penalty: its sign times this is added to the gradient. */
  readonly shrink?: number;
}

/**
 * One step of SGD with Nesterov momentum, in place (Sutskever et al. 2013, in the form of Bengio et al.
 * 2012): `g = gradient + weightDecay * w + shrink * sign(w); v = momentum * v + g; w -= learningRate * (g +
 * momentum * v)`.
 */
export function sgdStep(
  weights: Float32Array,
  velocity: Float32Array,
  gradient: Float32Array,
  learningRate: number,
  { momentum, weightDecay, shrink = 0 }: SgdOptions,
): void {
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! + weightDecay * weights[i]! + shrink * Math.sign(weights[i]!);
    const v = momentum * velocity[i]! + g;
    velocity[i] = v;
    weights[i] = weights[i]! - learningRate * (g + momentum * v);
  }
}
