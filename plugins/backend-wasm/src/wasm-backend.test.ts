import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph, TrainingBatch } from '@tersor/core';
import { copyWeights, graphFromModel, initializeKernels } from '@tersor/compression';
import { createRandom } from '@tersor/rl';
import { createWasmBackend } from './wasm-backend.js';
import { startWorker } from './worker-pool.js';

const random = createRandom(1);
const images = (count: number) => Float32Array.from({ length: count * 6 * 6 * 3 }, () => random.normal());

async function smallNetwork(): Promise<LayerGraph> {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false, inputShape: [6, 6, 3] }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.dropout({ rate: 0.3 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  return graph;
}

// Starting a worker from source compiles it first: seconds on a busy machine.
jest.setTimeout(60_000);

describe('createWasmBackend', () => {
  const backends = [1, 2, 3].map((workers) => createWasmBackend({ workers }));
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    graph = await smallNetwork();
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

  it('gives the same results for any number of workers and any count of images', async () => {
    for (const count of [0, 1, 60, 130]) {
      const pixels = images(count);
      const results: Float32Array[] = [];
      for (const backend of backends) {
        const session = await backend.compile(graph);
        results.push(await session.run(pixels));
        session.dispose();
      }
      expect(results[0]).toHaveLength(count * 3);
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    }
  });

  it('gives the same gradients for any number of workers', async () => {
    const count = 100;
    const batch: TrainingBatch = { images: images(count), labels: Int32Array.from({ length: count }, (_, i) => i % 3), teacher: Float32Array.from({ length: count * 3 }, () => random.normal()), seed: 4 };
    const steps = [];
    for (const backend of backends) {
      const session = await backend.compileTraining(graph, { labelSmoothing: 0.1, distill: 0.5, temperature: 2 });
      steps.push(await session.step(copyWeights(graph), batch));
      session.dispose();
    }
    expect(steps[1]).toEqual(steps[0]);
    expect(steps[2]).toEqual(steps[0]);
  });

  it('refuses bfloat16', async () => {
    await expect(backends[0]!.compile(graph, { precision: 'bfloat16' })).rejects.toMatchObject({ code: 'PRECISION_UNSUPPORTED' });
  });

  it('can be disposed twice and used again', async () => {
    const backend = createWasmBackend({ workers: 2 });
    const first = await (await backend.compile(graph)).run(images(3));
    await backend.dispose();
    await backend.dispose();
    expect(await (await backend.compile(graph)).run(images(3))).toHaveLength(first.length);
    await backend.dispose();
  });
});

describe('startWorker', () => {
  it('rejects what is waiting when the worker ends', async () => {
    const worker = startWorker();
    const waiting = worker.ask({ kind: 'dispose', session: 1 });
    await worker.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('ended') });
  });
});
