/** Running means of a variable's gradient and of its square. */
export interface AdamMoments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-12;

/** Moments of a variable that no step was taken on. */
export function noMoments(size: number): AdamMoments {
  return { first: new Float32Array(size), second: new Float32Array(size) };
}

/**
 * One step of Adam, in place (Kingma and Ba 2015, algorithm 1). Whatever the size of the loss, a value moves
 * by about `rate`.
 * @param step counted from 1
 */
export function adamStep(
  values: Float32Array,
  { first, second }: AdamMoments,
  gradient: Float32Array,
  rate: number,
  step: number,
): void {
  const firstBias = 1 - FIRST_DECAY ** step;
  const secondBias = 1 - SECOND_DECAY ** step;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]!;
    const m = FIRST_DECAY * first[i]! + (1 - FIRST_DECAY) * g;
    const v = SECOND_DECAY * second[i]! + (1 - SECOND_DECAY) * g * g;
    first[i] = m;
    second[i] = v;
    values[i] = values[i]! - (rate * (m / firstBias)) / (Math.sqrt(v / secondBias) + EPSILON);
  }
}
