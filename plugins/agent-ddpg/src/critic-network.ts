import { backward, forward, type Network } from '@tersor/rl';

/** A critic's shape: a multi-layer perceptron that ends in one value. */
export interface CriticNetwork extends Network {
  readonly hidden: 'relu';
  readonly output: 'linear';
  /** Layer normalization before each hidden activation; without gains, which the next layer has. */
  readonly normalize?: boolean;
  /** Probability that a hidden unit is dropped, targets included (DroQ). */
  readonly dropout?: number;
}

interface LayerPass {
  readonly input: Float32Array;
  /** The product with the kernel, and the bias. */
  readonly linear: Float32Array;
  /** What each unit was multiplied by: 0, or the inverse of the share that stays. */
  readonly mask?: Float32Array;
  /** After layer normalization, before the activation; and the inverse deviation of each row. */
  readonly normalized?: { readonly values: Float32Array; readonly inverse: Float32Array };
  readonly output: Float32Array;
}

/** What a critic computed of a batch, as `criticGradient` needs it. */
export interface CriticPass {
  /** A value a row. */
  readonly values: Float32Array;
  readonly layers: readonly LayerPass[];
}

const EPSILON = 1e-5;

/**
 * Runs a batch, [batch, sizes[0]], through a critic: each hidden layer is linear, then dropout, then layer
 * normalization (Ba, Kiros and Hinton 2016), then a rectifier (Hiraoka et al. 2022, figure 1).
 *
 * @param uniform draws which units are dropped; without it none is
 */
export function criticPass(
  network: CriticNetwork,
  parameters: Float32Array,
  input: Float32Array,
  batch: number,
  uniform?: () => number,
): CriticPass {
  const layers: LayerPass[] = [];
  let current = input;
  for (const { layer, start, size, isLast } of linearLayers(network)) {
    const own = parameters.subarray(start, start + size);
    const linear = forward(layer, own, current, batch)[1]!;
    const pass = isLast
      ? { input: current, linear, output: linear }
      : hidden(network, current, linear, batch, uniform);
    layers.push(pass);
    current = pass.output;
  }
  return { values: current, layers };
}

/**
 * Propagates a gradient by the values back; gives that by the input, and writes that by the parameters where
 * it is asked for. `outputGradient` is overwritten.
 */
export function criticGradient(
  network: CriticNetwork,
  parameters: Float32Array,
  { layers }: CriticPass,
  outputGradient: Float32Array,
  batch: number,
  parameterGradient?: Float32Array,
): Float32Array {
  let gradient = outputGradient;
  for (const { layer, start, size, index, isLast } of linearLayers(network).reverse()) {
    const pass = layers[index]!;
    if (!isLast) throughHidden(gradient, pass, batch);
    const own = parameters.subarray(start, start + size);
    const written = parameterGradient?.subarray(start, start + size);
    gradient = backward(layer, own, [pass.input, pass.linear], gradient, batch, written);
  }
  return gradient;
}

/** A critic's input: observations and actions side by side, [batch, both]. */
export function sideBySide(observations: Float32Array, actions: Float32Array, batch: number): Float32Array {
  const [own, size] = [observations.length / batch, actions.length / batch];
  const input = new Float32Array(batch * (own + size));
  for (let i = 0; i < batch; i++) {
    input.set(observations.subarray(i * own, (i + 1) * own), i * (own + size));
    input.set(actions.subarray(i * size, (i + 1) * size), i * (own + size) + own);
  }
  return input;
}

/** The last `size` columns, [batch, size]: of a gradient by a critic's input that by the actions. */
export function rightOf(values: Float32Array, batch: number, size: number): Float32Array {
  const columns = values.length / batch;
  const right = new Float32Array(batch * size);
  for (let i = 0; i < batch; i++)
    right.set(values.subarray((i + 1) * columns - size, (i + 1) * columns), i * size);
  return right;
}

function hidden(
  { normalize = false, dropout = 0 }: CriticNetwork,
  input: Float32Array,
  linear: Float32Array,
  batch: number,
  uniform: (() => number) | undefined,
): LayerPass {
  const mask =
    dropout > 0 && uniform ? linear.map(() => (uniform() < dropout ? 0 : 1 / (1 - dropout))) : undefined;
  const dropped = mask ? linear.map((value, i) => value * mask[i]!) : linear;
  const normalized = normalize ? normalizeRows(dropped, batch) : undefined;
  const output = (normalized?.values ?? dropped).map((value) => Math.max(0, value));
  return { input, linear, ...(mask && { mask }), ...(normalized && { normalized }), output };
}

/** Each row with mean 0 and deviation 1. */
function normalizeRows(values: Float32Array, batch: number): NonNullable<LayerPass['normalized']> {
  const columns = values.length / batch;
  const normalized = new Float32Array(values.length);
  const inverse = new Float32Array(batch);
  for (let row = 0; row < batch; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    const mean = own.reduce((sum, value) => sum + value, 0) / columns;
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
    inverse[row] = 1 / Math.sqrt(variance + EPSILON);
    own.forEach((value, i) => (normalized[row * columns + i] = (value - mean) * inverse[row]!));
  }
  return { values: normalized, inverse };
}

/** Takes a gradient by a hidden layer's outputs to one by its linear part, in place. */
function throughHidden(gradient: Float32Array, { output, normalized, mask }: LayerPass, batch: number): void {
  for (let i = 0; i < gradient.length; i++) if (output[i]! <= 0) gradient[i] = 0;
  const columns = gradient.length / batch;
  for (let row = 0; normalized && row < batch; row++) {
    const own = gradient.subarray(row * columns, (row + 1) * columns);
    const values = normalized.values.subarray(row * columns, (row + 1) * columns);
    const mean = own.reduce((sum, value) => sum + value, 0) / columns;
    const along = own.reduce((sum, value, i) => sum + value * values[i]!, 0) / columns;
    for (let i = 0; i < columns; i++)
      own[i] = normalized.inverse[row]! * (own[i]! - mean - values[i]! * along);
  }
  if (mask) for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * mask[i]!;
}

/** The linear part of each layer, and where its parameters lie. */
function linearLayers({ sizes }: CriticNetwork) {
  let start = 0;
  return sizes.slice(1).map((outputs, index) => {
    const layer: Network = { sizes: [sizes[index]!, outputs], hidden: 'linear', output: 'linear' };
    const size = (sizes[index]! + 1) * outputs;
    start += size;
    return { layer, index, start: start - size, size, isLast: index === sizes.length - 2 };
  });
}
