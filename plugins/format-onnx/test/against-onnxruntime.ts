import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { run } from '../../../packages/network/test/masked-run.js';
import type { OnnxMetadata } from '../src/read/lower.js';
import { onnxOutputs, type Plain } from './onnx-outputs.js';

/** Random images for every input of a network, channels last. */
function randomInputs(graph: LayerGraph, batch: number): Plain[] {
  const random = createRandom(7, 'images');
  return graph.inputs.map((input) => {
    const shape = [batch, ...(graph.calls[input]!.outputShape as number[])];
    const count = shape.reduce((product, size) => product * size, 1);
    return { shape, data: Float32Array.from({ length: count }, () => random.normal()) };
  });
}

/**
 * The largest difference between what TensorFlow.js computes for a network and what onnxruntime does for its
 * file, for each output, as a share of the largest value there.
 */
export async function differences(path: string, graph: LayerGraph, batch: number): Promise<number[]> {
  const inputs = randomInputs(graph, batch);
  const ends = graph.metadata?.userDefinedMetadata?.['onnx'] as OnnxMetadata;
  const expected = await onnxOutputs(
    path,
    Object.fromEntries(
      inputs.map((input, i) => [ends.inputs[i]!.name, asInFile(input, ends.inputs[i]!.order)]),
    ),
  );
  const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]));
  const found = await run(graph, tensors);
  tf.dispose(tensors);
  return ends.outputs.map(({ name, order }, i) => {
    const shape = [batch, ...(graph.calls[graph.outputs[i]!]!.outputShape as number[])];
    const own = asInFile({ shape, data: found[i]! }, order);
    const { data, shape: rightShape } = expected[name]!;
    expect(own.shape).toEqual(rightShape);
    const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return data.reduce((most, value, j) => Math.max(most, Math.abs(value - own.data[j]!)), 0) / scale;
  });
}

/** Values with the axes of the file; `order` says which one each of the network's is. */
function asInFile({ shape, data }: Plain, order: readonly number[]): Plain {
  const moved = tf.tidy(() =>
    tf.transpose(
      tf.tensor(data, [...shape]),
      order.map((_axis, i) => order.indexOf(i)),
    ),
  );
  const plain = { shape: moved.shape, data: Float32Array.from(moved.dataSync() as Float32Array) };
  moved.dispose();
  return plain;
}
