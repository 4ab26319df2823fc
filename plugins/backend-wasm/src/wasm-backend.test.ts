import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type LayerGraph, type TrainingBatch } from '@tersor/core';
import {
  compileFused,
  compileGradients,
  copyWeights,
  graphFromModel,
  initializeKernels,
  withRoundedActivations,
} from '@tersor/network';
import { createWasmBackend } from './wasm-backend.js';
import { startWorker } from './workers/worker-pool.js';

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
    const batch: TrainingBatch = {
      images: images(count),
      labels: Int32Array.from({ length: count }, (_, i) => i % 3),
      teacher: Float32Array.from({ length: count * 3 }, () => random.normal()),
      seed: 4,
    };
    const steps = [];
    for (const backend of backends) {
      const session = await backend.compileTraining(graph, {
        labelSmoothing: 0.1,
        distill: 0.5,
        temperature: 2,
      });
      steps.push(await session.step(copyWeights(graph), batch));
      session.dispose();
    }
    expect(steps[1]).toEqual(steps[0]);
    expect(steps[2]).toEqual(steps[0]);
  });

  it('rounds activations as the cpu backend does, in inference and in training, on one thread and on workers', async () => {
    const [convolution, dense] = graph.layers
      .filter(({ weights }) => weights.some(({ name }) => name === 'kernel'))
      .map(({ name }) => name);
    const simulated = withRoundedActivations(graph, {
      [convolution!]: { bits: 4, least: -2, most: 2 },
      [dense!]: { bits: 3, least: 0, most: 1.5 },
    });
    // Without dropout, whose random numbers are the backend's own.
    const trained = {
      ...simulated,
      layers: simulated.layers.map((layer) =>
        layer.className === 'Dropout' ? { ...layer, config: { ...layer.config, rate: 0 } } : layer,
      ),
    };
    const pixels = images(30);
    const batch: TrainingBatch = {
      images: pixels,
      labels: Int32Array.from({ length: 30 }, (_, i) => i % 3),
      seed: 1,
    };
    const objective = { labelSmoothing: 0, distill: 0, temperature: 1, freezeStatistics: true };
    await tf.setBackend('cpu');
    const [cpu, cpuTraining] = [await compileFused(simulated), await compileGradients(trained, objective)];
    const expected = await cpu.run(pixels);
    const { updates: gradients } = await cpuTraining.step(copyWeights(graph), batch);
    [cpu, cpuTraining].forEach((session) => session.dispose());
    for (const backend of backends.slice(0, 2)) {
      const [session, training] = [
        await backend.compile(simulated),
        await backend.compileTraining(trained, objective),
      ];
      const results = await session.run(pixels);
      results.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
      const { updates } = await training.step(copyWeights(graph), batch);
      updates.forEach((update, slot) =>
        update.forEach((value, i) => expect(Math.abs(value - gradients[slot]![i]!)).toBeLessThan(1e-4)),
      );
      [session, training].forEach((each) => each.dispose());
    }
    // Rounding is really there: without it the results differ by more than any arithmetic.
    const float = await backends[0]!.compile(graph);
    const unrounded = await float.run(pixels);
    float.dispose();
    expect(Math.max(...unrounded.map((value, i) => Math.abs(value - expected[i]!)))).toBeGreaterThan(1e-3);
  });

  it('refuses bfloat16', async () => {
    await expect(backends[0]!.compile(graph, { precision: 'bfloat16' })).rejects.toMatchObject({
      code: 'PRECISION_UNSUPPORTED',
    });
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
    await expect(waiting).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('ended'),
    });
  });
});
