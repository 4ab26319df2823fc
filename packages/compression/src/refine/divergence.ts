import type { Backend, LayerGraph } from '@tersor/core';
import { joined, networkOutput, teacherLogits, type ScoreKind } from '@tersor/network';

/** Images that run at once. */
const CHUNK = 250;

/**
 * Mean over the images of the KL divergence from the probabilities of one network to those of another, in
 * nats; with a sigmoid for each class, that of each class by itself, and their mean.
 * @param wanted logits of the network that is to be matched, `count * classes`
 * @param scores logits of the other one
 */
export function meanDivergence(
  wanted: Float32Array,
  scores: Float32Array,
  count: number,
  link: ScoreKind['link'],
): number {
  const classes = wanted.length / count;
  let sum = 0;
  for (let from = 0; from < wanted.length; from += classes) {
    const rows = [wanted, scores].map((values) => values.subarray(from, from + classes));
    sum += link === 'softmax' ? ofSoftmax(rows[0]!, rows[1]!) : ofSigmoids(rows[0]!, rows[1]!);
  }
  return sum / count;
}

function ofSoftmax(wanted: Float32Array, scores: Float32Array): number {
  const [p, q] = [logSoftmax(wanted), logSoftmax(scores)];
  return p.reduce((sum, value, k) => sum + Math.exp(value) * (value - q[k]!), 0);
}

function ofSigmoids(wanted: Float32Array, scores: Float32Array): number {
  // log s(x) = -softplus(-x), and log(1 - s(x)) = -softplus(x).
  const sum = wanted.reduce((total, x, k) => {
    const p = 1 / (1 + Math.exp(-x));
    const y = scores[k]!;
    return total + p * (softplus(-y) - softplus(-x)) + (1 - p) * (softplus(y) - softplus(x));
  }, 0);
  return sum / wanted.length;
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function logSoftmax(values: Float32Array): Float64Array {
  const most = values.reduce((largest, value) => Math.max(largest, value), -Infinity);
  const sum = values.reduce((total, value) => total + Math.exp(value - most), 0);
  return Float64Array.from(values, (value) => value - most - Math.log(sum));
}

/** Logits (or log-probabilities) of a network, image after image. */
export async function logitsOf(
  graph: LayerGraph,
  backend: Pick<Backend, 'compile'>,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const scores = networkOutput(graph);
  const session = await backend.compile(scores.graph, { precision: 'float32' });
  try {
    const size = images.length / count;
    const parts: Float32Array[] = [];
    for (let from = 0; from < count; from += CHUNK)
      parts.push(await session.run(images.slice(from * size, Math.min(count, from + CHUNK) * size)));
    return teacherLogits(joined(parts), scores);
  } finally {
    session.dispose();
  }
}
