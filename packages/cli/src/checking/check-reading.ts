import * as tf from '@tensorflow/tfjs-core';
import { createRandom, elementCount, TersorError, type LayerGraph } from '@tersor/core';
import { disposeModel, modelFromGraph, type ModelFile } from '@tersor/network';

/** How closely a network that was read matches its file. */
export interface CheckedReading {
  /** The runtime that ran the file. */
  readonly engine: string;
  /** Largest difference in any output, relative to the largest value of that output. */
  readonly difference: number;
}

/**
 * Runs a network on the active backend and its file in the runtime of its format, on one image of noise, and
 * compares the outputs. Throws `CONFIG_INVALID` for a format without a runtime, and `BACKEND_UNAVAILABLE`.
 */
export async function checkReading(
  { path, format }: Pick<ModelFile, 'path' | 'format'>,
  graph: LayerGraph,
): Promise<CheckedReading> {
  if (!format.reference)
    throw new TersorError('CONFIG_INVALID', `--check: the format ${format.id} has no separate runtime.`, {
      hint: 'Leave --check out: TensorFlow.js itself runs such files.',
    });
  const random = createRandom(1, 'check');
  const shapes = graph.inputs.map((input) => [1, ...(graph.calls[input]!.outputShape as number[])]);
  const inputs = shapes.map((shape) =>
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
  );
  const reference = await format.reference(path, graph);
  try {
    const expected = await reference.run(inputs);
    const found = await computed(graph, inputs, shapes);
    return {
      engine: reference.engine,
      difference: Math.max(...expected.map((each, i) => apart(found[i]!, each))),
    };
  } finally {
    await reference.dispose();
  }
}

/** The result as one line for the terminal. */
export function checkText({ engine, difference }: CheckedReading): string {
  return `compared with ${engine}: outputs differ by at most ${difference.toExponential(1)} of the largest\n`;
}

async function computed(
  graph: LayerGraph,
  inputs: readonly Float32Array[],
  shapes: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const model = await modelFromGraph(graph);
  const results = tf.tidy(() => {
    const tensors = inputs.map((data, i) => tf.tensor(data, [...shapes[i]!]));
    return [model.predictOnBatch(tensors.length === 1 ? tensors[0]! : tensors)].flat() as tf.Tensor[];
  });
  const values = await Promise.all(results.map(async (result) => (await result.data()) as Float32Array));
  tf.dispose(results);
  disposeModel(model);
  return values;
}

function apart(found: Float32Array, expected: Float32Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const largest = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
  return scale > 0 ? largest / scale : largest;
}
