/** State of Adam over one flat vector of parameters: structured-cloneable. */
export interface AdamState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  step: number;
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** State before the first step. */
export function createAdam(length: number): AdamState {
  return { first: new Float32Array(length), second: new Float32Array(length), step: 0 };
}

/** A state that goes on apart from the given one. */
export function copyAdam({ first, second, step }: AdamState): AdamState {
  return { first: first.slice(), second: second.slice(), step };
}

/** One step down the gradient (Kingma and Ba, algorithm 1); changes `parameters` and `state`. */
export function adamStep(
  state: AdamState,
  parameters: Float32Array,
  gradient: Float32Array,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): void {
  const { first, second } = state;
  const step = ++state.step;
  // Both bias corrections in one factor; epsilon is scaled with them, so the step is the paper's.
  const correction = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction) / (1 - beta1 ** step);
  const offset = epsilon * correction;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]!;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] = parameters[i]! - (rate * m) / (Math.sqrt(v) + offset);
  }
}

/** Scales a gradient down to a length of at most `limit`; gives the length that it had. */
export function clipByNorm(gradient: Float32Array, limit: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(squares);
  if (norm > limit) for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * (limit / norm);
  return norm;
}
