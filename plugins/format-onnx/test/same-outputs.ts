import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type LayerGraph, type Quantization } from '@tersor/core';
import { disposeModel, graphFromModel, modelFromGraph } from '@tersor/network';
import { writeOnnx, type OnnxWriting } from '../src/write/write-onnx.js';
import { portsOf, type Port } from '../src/write/ports.js';
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

/**
 * The same for a graph as it is; differences are shares of the largest output. Gives the bytes of
 * the file.
 */
export async function expectSameGraph(
  graph: LayerGraph,
  tolerance: number,
  {
    precision = 'float32',
    weights = 'searched',
    norms = 'kept',
    images = 2,
    quantization,
    expected = graph,
    session,
  }: Comparing = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-'));
  try {
    const path = join(folder, await writeOnnx(graph, folder, { precision, weights, norms }, quantization));
    const inputs = drawInputs(graph, images);
    const ports = portsOf(graph);
    const outputs = await onnxOutputs(
      path,
      Object.fromEntries(inputs.map((input, i) => [ports.inputs[i]!.name, laidOut(input, ports.inputs[i]!)])),
      session,
    );
    const right = await stockOutputs(expected, inputs, ports.outputs);
    expect(Object.keys(outputs).sort()).toEqual(ports.outputs.map(({ name }) => name).sort());
    for (const [i, { name }] of ports.outputs.entries()) {
      const [found, wanted] = [outputs[name]!, right[i]!];
      expect(found.shape).toEqual(wanted.shape);
      requireClose(found.data, wanted.data, tolerance);
    }
    return (await stat(path)).size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compares what two networks compute in TensorFlow.js, whatever their layers are called. */
export async function expectSameFunction(
  found: LayerGraph,
  wanted: LayerGraph,
  tolerance: number,
): Promise<void> {
  const inputs = drawInputs(wanted, 2);
  // Inputs and outputs lie in the file as the wanted network says; the other one may have its axes otherwise.
  const [theirs, own] = [portsOf(found), portsOf(wanted)];
  const turned = inputs.map((input, i) =>
    laidOut(laidOut(input, own.inputs[i]!), inverse(theirs.inputs[i]!)),
  );
  const [is, right] = [
    await stockOutputs(found, turned, theirs.outputs),
    await stockOutputs(wanted, inputs, own.outputs),
  ];
  expect(is.map(({ shape }) => shape)).toEqual(right.map(({ shape }) => shape));
  is.forEach(({ data }, i) => requireClose(data, right[i]!.data, tolerance));
}

function drawInputs(graph: LayerGraph, images: number): Plain[] {
  const random = createRandom(2, 'inputs');
  return graph.inputs.map((call) => {
    const shape = [images, ...graph.calls[call]!.outputShape.map((size) => size ?? 5)];
    const count = shape.reduce((product, size) => product * size, 1);
    return { shape, data: Float32Array.from({ length: count }, () => 2 * random.uniform() - 1) };
  });
}

function requireClose(found: Float32Array, wanted: Float32Array, tolerance: number): void {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = found.reduce((most, value, at) => Math.max(most, Math.abs(value - wanted[at]!)), 0);
  expect(worst / largest).toBeLessThan(tolerance);
}

/** What stock TensorFlow.js computes, as the file lays it out. */
async function stockOutputs(
  graph: LayerGraph,
  inputs: readonly Plain[],
  ports: readonly Port[],
): Promise<Plain[]> {
  const model = await modelFromGraph(graph);
  try {
    const results = tf.tidy(() => {
      const given = inputs.map(({ shape, data }) => tf.tensor(data, [...shape]));
      return [model.predictOnBatch(given.length === 1 ? given[0]! : given)].flat() as tf.Tensor[];
    });
    return results.map((each, i) => {
      const plain = laidOut({ shape: each.shape, data: each.dataSync() as Float32Array }, ports[i]!);
      each.dispose();
      return plain;
    });
  } finally {
    disposeModel(model);
  }
}

function inverse({ name, axes }: Port): Port {
  return { name, axes: axes.map((_, axis) => axes.indexOf(axis)) };
}

function laidOut({ shape, data }: Plain, { axes }: Port): Plain {
  const moved = tf.tidy(() =>
    tf.transpose(tf.tensor(data, [...shape]), [0, ...axes.map((axis) => axis + 1)]),
  );
  const plain = { shape: moved.shape, data: Float32Array.from(moved.dataSync() as Float32Array) };
  moved.dispose();
  return plain;
}
