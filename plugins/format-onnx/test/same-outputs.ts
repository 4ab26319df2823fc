import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type LayerGraph, type Quantization } from '@tersor/core';
import { disposeModel, graphFromModel, modelFromGraph } from '@tersor/network';
import { writeOnnx, type OnnxWriting } from '../src/write/write-onnx.js';
import { portNames } from '../src/write/port-names.js';
import { onnxOutputs, type Plain } from './onnx-outputs.js';

/** What a test may want otherwise. */
export interface Comparing extends Partial<OnnxWriting> {
  /** Two, where this is left out. */
  readonly images?: number;
  readonly quantization?: Quantization;
  /** The network whose outputs the file is to have, where that is not the one that is written. */
  readonly expected?: LayerGraph;
  readonly session?: Parameters<typeof onnxOutputs>[2];
}

/** Weights that are all of different sizes; variances stay positive. */
export function drawWeights(graph: LayerGraph, seed = 1): LayerGraph {
  const random = createRandom(seed, 'weights');
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({
      ...weight,
      data: weight.data.map(() =>
        weight.name.endsWith('variance') ? 0.5 + random.uniform() : random.uniform() - 0.4,
      ),
    })),
  }));
  return { ...graph, layers };
}

/** Draws weights for a model, and compares its outputs with those of the file that it is written to. */
export async function expectSameOutputs(model: tfl.LayersModel, tolerance: number): Promise<void> {
  await expectSameGraph(drawWeights(await graphFromModel(model)), tolerance);
}

/** The same for a graph as it is; differences are shares of the largest output. Gives the bytes of the file. */
export async function expectSameGraph(
  graph: LayerGraph,
  tolerance: number,
  {
    precision = 'float32',
    weights = 'searched',
    images = 2,
    quantization,
    expected = graph,
    session,
  }: Comparing = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-'));
  try {
    const path = join(folder, await writeOnnx(graph, folder, { precision, weights }, quantization));
    const random = createRandom(2, 'inputs');
    const inputs = graph.inputs.map((call) => {
      const shape = [images, ...graph.calls[call]!.outputShape.map((size) => size ?? 5)];
      const count = shape.reduce((product, size) => product * size, 1);
      return { shape, data: Float32Array.from({ length: count }, () => 2 * random.uniform() - 1) };
    });
    const names = portNames(graph);
    const outputs = await onnxOutputs(
      path,
      Object.fromEntries(inputs.map((input, i) => [names.inputs[i]!, channelsFirst(input)])),
      session,
    );
    const right = await stockOutputs(expected, inputs);
    expect(Object.keys(outputs).sort()).toEqual([...names.outputs].sort());
    for (const [i, name] of names.outputs.entries()) {
      const [found, wanted] = [outputs[name]!, right[i]!];
      expect(found.shape).toEqual(wanted.shape);
      const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const worst = found.data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - wanted.data[at]!)),
        0,
      );
      expect(worst / largest).toBeLessThan(tolerance);
    }
    return (await stat(path)).size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What stock TensorFlow.js computes, as ONNX lays it out. */
async function stockOutputs(graph: LayerGraph, inputs: readonly Plain[]): Promise<Plain[]> {
  const model = await modelFromGraph(graph);
  try {
    const results = tf.tidy(() => {
      const given = inputs.map(({ shape, data }) => tf.tensor(data, [...shape]));
      return [model.predictOnBatch(given.length === 1 ? given[0]! : given)].flat() as tf.Tensor[];
    });
    return results.map((each) => {
      const plain = channelsFirst({ shape: each.shape, data: each.dataSync() as Float32Array });
      each.dispose();
      return plain;
    });
  } finally {
    disposeModel(model);
  }
}

function channelsFirst({ shape, data }: Plain): Plain {
  if (shape.length < 3) return { shape, data: Float32Array.from(data) };
  const perm = [0, shape.length - 1, ...shape.slice(1, -1).map((_, i) => i + 1)];
  const moved = tf.tidy(() => tf.transpose(tf.tensor(data, [...shape]), perm));
  const plain = { shape: moved.shape, data: Float32Array.from(moved.dataSync() as Float32Array) };
  moved.dispose();
  return plain;
}
