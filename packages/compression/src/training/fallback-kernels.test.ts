import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { pruneContext } from '@tersor/testing';
import type { Backend } from '@tersor/core';
import { createEvaluator } from './evaluator.js';
import { writeModel, modelFromGraph, readNetwork } from '@tersor/network';

it('a model is read, built and measured where no backend of tfjs is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-kernels-'));
  try {
    expect(tf.engine().backendName).toBeFalsy();
    const { graph, dataset } = pruneContext();
    await writeModel(graph, folder);
    const read = await readNetwork(join(folder, 'model.json'));
    expect(read.layers.map(({ weights }) => weights.map(({ data }) => data))).toEqual(
      graph.layers.map(({ weights }) => weights.map(({ data }) => data)),
    );
    // A backend of its own kind: it always answers with the first class.
    const backend = {
      activate: async () => undefined,
      compile: async () => ({
        run: async (images: Float32Array) => firstClass(images.length / 108),
        dispose: () => undefined,
      }),
    } as Partial<Backend> as Backend;
    const evaluator = await createEvaluator({ backend, dataset, split: 'test' });
    expect(await evaluator.accuracy(read)).toBeCloseTo(1 / 3, 5);
    const model = await modelFromGraph(read);
    const scores = (await (model.predict(tf.zeros([1, 6, 6, 3])) as tf.Tensor).data()) as Float32Array;
    expect(scores.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  } finally {
    await rm(folder, { recursive: true });
  }
});

function firstClass(count: number): Float32Array {
  return Float32Array.from({ length: 3 * count }, (_, i) => (i % 3 === 0 ? 1 : 0));
}
