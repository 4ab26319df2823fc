import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { run } from '../../../packages/network/test/masked-run.js';
import { onnxReference } from '../src/reference.js';

/** Random images for every input of a network. */
export function randomInputs(graph: LayerGraph, batch: number): Float32Array[] {
  const random = createRandom(7, 'images');
  return graph.inputs.map((input) => {
    const shape = graph.calls[input]!.outputShape as number[];
    return Float32Array.from({ length: shape.reduce((a, b) => a * b, batch) }, () => random.normal());
  });
}

/**
 * The largest difference between what stock TensorFlow.js computes for a network and what onnxruntime does for
 * its file, for each output, over the largest value there.
 */
export async function differences(path: string, graph: LayerGraph, batch: number): Promise<number[]> {
  const inputs = randomInputs(graph, batch);
  const reference = await onnxReference(path, graph);
  const expected = await reference.run(inputs);
  await reference.dispose();
  const tensors = graph.inputs.map((input, i) =>
    tf.tensor(inputs[i]!, [batch, ...(graph.calls[input]!.outputShape as number[])]),
  );
  const found = await run(graph, tensors);
  tf.dispose(tensors);
  return expected.map((values, i) => {
    expect(found[i]).toHaveLength(values.length);
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const largest = values.reduce((most, value, j) => Math.max(most, Math.abs(value - found[i]![j]!)), 0);
    return largest / scale;
  });
}
