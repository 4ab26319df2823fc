/**
 * The wasm backend on VGG-19 for 32 x 32 images: forward pass with 1 and 2 workers, and a training step against the forward pass, all in one run.
 * `node --conditions=tersor/source --import tsx bench/backends/wasm.ts [file.json]`. The training ratio is of processor time in one thread, so that other load
 * on the machine matters little; the workers' ratio is of wall time and needs two idle cores.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import * as tfl from '@tensorflow/tfjs-layers';
import { createWasmBackend } from '@tersor/backend-wasm';
import { copyWeights, describeMachine, graphFromModel, initializeKernels } from '@tersor/compression';
import type { LayerGraph } from '@tersor/core';

const COUNT = 32;
const REPEATS = 3;
const GIGAFLOP_PER_IMAGE = 0.797;

async function vgg19(): Promise<LayerGraph> {
  const { layers } = tfl;
  const stages = [[64, 2], [128, 2], [256, 4], [512, 4], [512, 4]] as const;
  const model = tfl.sequential();
  for (const [filters, repeats] of stages) {
    for (let i = 0; i < repeats; i++) {
      const input = model.layers.length === 0 ? { inputShape: [32, 32, 3] } : {};
      model.add(layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false, ...input }));
      model.add(layers.batchNormalization());
      model.add(layers.activation({ activation: 'relu' }));
    }
    if (filters !== 512 || model.layers.length < 45) model.add(layers.maxPooling2d({ poolSize: 2 }));
  }
  model.add(layers.globalAveragePooling2d({}));
  model.add(layers.dense({ units: 10, activation: 'softmax' }));
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  return graph;
}

/** Least wall and processor milliseconds of some repeats, after one that warms up. */
async function measure(run: () => Promise<unknown>): Promise<{ wall: number; processor: number }> {
  await run();
  let best = { wall: Infinity, processor: Infinity };
  for (let i = 0; i < REPEATS; i++) {
    const [start, usage] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(usage);
    best = { wall: Math.min(best.wall, performance.now() - start), processor: Math.min(best.processor, (user + system) / 1000) };
  }
  return best;
}

async function main(): Promise<void> {
  const one = createWasmBackend({ workers: 1 });
  await one.activate();
  const graph = await vgg19();
  const images = (count: number) => Float32Array.from({ length: count * 3072 }, (_, i) => Math.sin(i));
  const session = await one.compile(graph);
  const forward = await measure(() => session.run(images(COUNT)));
  const hundredOnOne = await measure(() => session.run(images(100)));
  const training = await one.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const weights = copyWeights(graph);
  const batch = { images: images(COUNT), labels: Int32Array.from({ length: COUNT }, (_, i) => i % 10), seed: 1 };
  const step = await measure(() => training.step(weights, batch));
  const two = createWasmBackend({ workers: 2 });
  const parallel = await two.compile(graph);
  const hundredOnTwo = await measure(() => parallel.run(images(100)));
  await two.dispose();
  await one.dispose();
  const results = {
    machine: describeMachine(),
    load: loadavg()[0],
    batch: COUNT,
    forwardGflopPerSecond: (GIGAFLOP_PER_IMAGE * COUNT * 1000) / forward.processor,
    trainingStepToForward: step.processor / forward.processor,
    twoWorkersToOne: hundredOnOne.wall / hundredOnTwo.wall,
    milliseconds: { forward, step, hundredOnOne, hundredOnTwo },
  };
  console.log(JSON.stringify(results, undefined, 2));
  if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(results, undefined, 2)}\n`);
}

void main();
