import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { run } from '../../../packages/network/test/masked-run.js';
import { portsOf, type Port } from '../src/write/ports.js';
import { onnxOutputs, type Plain } from './onnx-outputs.js';

/** Random images for every input of a network, channels last. */
export function randomInputs(graph: LayerGraph, batch: number): Plain[] {
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
  const ports = portsOf(graph);
  const expected = await onnxOutputs(
    path,
    Object.fromEntries(inputs.map((input, i) => [ports.inputs[i]!.name, asInFile(input, ports.inputs[i]!)])),
  );
  const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]));
  const found = await run(graph, tensors);
  tf.dispose(tensors);
  return ports.outputs.map((port, i) => {
    const shape = [batch, ...(graph.calls[graph.outputs[i]!]!.outputShape as number[])];
    const own = asInFile({ shape, data: found[i]! }, port);
    const { data, shape: rightShape } = expected[port.name]!;
    expect(own.shape).toEqual(rightShape);
    const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return data.reduce((most, value, j) => Math.max(most, Math.abs(value - own.data[j]!)), 0) / scale;
  });
}

function asInFile({ shape, data }: Plain, { axes }: Port): Plain {
  const moved = tf.tidy(() =>
    tf.transpose(tf.tensor(data, [...shape]), [0, ...axes.map((axis) => axis + 1)]),
  );
  const plain = { shape: moved.shape, data: Float32Array.from(moved.dataSync() as Float32Array) };
  moved.dispose();
  return plain;
}
