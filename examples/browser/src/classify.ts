import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { imageInput, type ImageSource, type Preprocessing } from '@tersor/runtime';
import type { NetworkPair } from './networks.js';

const WARM_UPS = 2;
const RUNS = 15;

/** The scores of both networks for one image; those of the original where there is one. */
export interface PairScores {
  readonly packed: Float32Array;
  readonly original: Float32Array | undefined;
}

/** Classifies an image with both. */
export async function classify(pair: NetworkPair, source: ImageSource): Promise<PairScores> {
  const input = imageInput(source, pair.packed.model.preprocessing!);
  try {
    const packed = await scores(pair.packed.model, input);
    return { packed, original: pair.original && (await scores(pair.original.model, input)) };
  } finally {
    input.dispose();
  }
}

/** Scores of a batch, image after image; models without a softmax at their end get one. */
async function scores(model: LayersModel, input: tf.Tensor): Promise<Float32Array> {
  const output = tf.tidy(() => {
    const flat = tf.reshape(model.predict(input) as tf.Tensor, [input.shape[0]!, -1]);
    const sums = tf.max(tf.abs(tf.sub(tf.sum(flat, 1), 1)));
    return sums.dataSync()[0]! < 1e-3 ? flat : tf.softmax(flat);
  });
  const values = await output.data<'float32'>();
  output.dispose();
  return values as Float32Array;
}

/** Median milliseconds of an image on this device, the networks in turns so that both meet the same load. */
export async function measureLatency(
  pair: NetworkPair,
  { size, mean }: Preprocessing,
): Promise<{ readonly packed: number; readonly original: number | undefined }> {
  const input = tf.randomUniform([1, ...size, mean.length], -1, 1);
  const times = { packed: [] as number[], original: [] as number[] };
  const run = async (name: 'packed' | 'original') => {
    const loaded = pair[name];
    if (!loaded) return;
    const start = performance.now();
    const output = loaded.model.predict(input) as tf.Tensor;
    await output.data();
    times[name].push(performance.now() - start);
    output.dispose();
  };
  for (let i = 0; i < WARM_UPS + RUNS; i++) {
    for (const name of i % 2 ? (['original', 'packed'] as const) : (['packed', 'original'] as const))
      await run(name);
    // The page stays usable meanwhile.
    await tf.nextFrame();
  }
  input.dispose();
  const median = (all: number[]) => all.slice(WARM_UPS).sort((a, b) => a - b)[RUNS >> 1];
  return { packed: median(times.packed)!, original: median(times.original) };
}

/** Index of the best class of each image of a batch. */
export async function bestClasses(model: LayersModel, input: tf.Tensor4D): Promise<number[]> {
  const output = tf.tidy(() =>
    tf.argMax(tf.reshape(model.predict(input) as tf.Tensor, [input.shape[0], -1]), 1),
  );
  const classes = await output.data();
  output.dispose();
  return [...classes];
}

/** The best classes with their probabilities, best first. */
export function topClasses(
  values: Float32Array,
  names: readonly string[],
  count: number,
): { readonly name: string; readonly probability: number }[] {
  return Array.from(values, (probability, i) => ({ name: names[i] ?? `class ${i}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
