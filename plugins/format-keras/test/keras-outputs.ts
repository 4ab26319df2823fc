import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerGraph } from '@tersor/core';
import { disposeModel, modelFromGraph } from '@tersor/network';

/** What Keras gave for the input of `sin(i) * scale + offset`: bench/reference/export-keras.py wrote it. */
export interface KerasOutputs {
  readonly endings: readonly string[];
  readonly shape: readonly number[];
  readonly scale: number;
  readonly offset: number;
  readonly layers: readonly string[];
  readonly outputs: readonly (readonly number[])[];
}

/** The path of a committed file. */
export const sample = (name: string): string => join(__dirname, name);

/** The networks of a committed list of outputs, by name. */
export function kerasOutputs(name: string): Record<string, KerasOutputs> {
  const { networks } = JSON.parse(readFileSync(sample(name), 'utf8')) as {
    networks: Record<string, KerasOutputs>;
  };
  return networks;
}

/** What stock TensorFlow.js gives for the same input. */
export async function outputsOf(
  graph: LayerGraph,
  { shape, scale, offset }: KerasOutputs,
): Promise<number[][]> {
  const model = await modelFromGraph(graph);
  const values = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(i) * scale + offset,
  );
  const input = tf.tensor(values, [1, ...shape]);
  const outputs = [model.predict(input)].flat();
  const found = outputs.map((output) => [...output.dataSync()]);
  tf.dispose([input, ...outputs]);
  disposeModel(model);
  return found;
}

/** The largest difference, of outputs that are divided by the largest of them where it is over 1. */
export function largestDifference(found: readonly number[][], expected: KerasOutputs['outputs']): number {
  const right = expected.flat();
  const own = found.flat();
  if (own.length !== right.length) return Infinity;
  const scale = Math.max(1, ...right.map(Math.abs));
  return Math.max(...right.map((value, i) => Math.abs(value - own[i]!))) / scale;
}
