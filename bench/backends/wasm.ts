/**
 * The wasm backend on VGG-19 for 32 x 32 images: forward pass with 1 and 2 workers and of PyTorch, in turns
 * within one run, and a training step against the forward pass. Needs two idle cores.
 *
 *   pip install -r bench/reference/requirements.txt
 *   node --conditions=tersor/source --import tsx bench/backends/wasm.ts [python] [rounds]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createWasmBackend } from '@tersor/backend-wasm';
import { copyWeights } from '@tersor/network';
import { describeMachine } from '@tersor/core';
import { startReference } from './pytorch.js';
import { vgg19 } from './vgg19.js';
import { median } from '../median.js';
import { milliseconds } from '../milliseconds.js';

const BATCH = 32;
const IMAGES = 100;

async function main(): Promise<void> {
  const [python = 'python3', rounds = '5'] = process.argv.slice(2);
  const torch = await startReference(python);
  const images = (count: number) => Float32Array.from({ length: count * 3072 }, (_, i) => Math.sin(i));
  const [one, two] = [createWasmBackend({ workers: 1 }), createWasmBackend({ workers: 2 })];
  await one.activate();
  const graph = await vgg19();
  const [single, parallel] = [await one.compile(graph), await two.compile(graph)];
  const training = await one.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const weights = copyWeights(graph);
  const batch = {
    images: images(BATCH),
    labels: Int32Array.from({ length: BATCH }, (_, i) => i % 10),
    seed: 1,
  };

  const cases = {
    forward: () => single.run(batch.images),
    step: () => training.step(weights, batch),
    one: () => single.run(images(IMAGES)),
    two: () => parallel.run(images(IMAGES)),
  };
  for (const warmUp of Object.values(cases)) await warmUp();
  const turns = [];
  for (let round = 0; round < Number(rounds); round++) {
    const [forward, step] = [await milliseconds(cases.forward), await milliseconds(cases.step)];
    const [one, two] = [await milliseconds(cases.one), await milliseconds(cases.two)];
    turns.push({ forward, step, one, two, torch: 1000 * (await torch.ask(`forward float32 ${IMAGES} 50`)) });
  }
  torch.end();
  await one.dispose();
  await two.dispose();
  const row = (name: string, aim: number, ratios: readonly number[]) => ({
    name,
    aim,
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  });
  const results = [
    row(
      '2 workers / 1 worker',
      1.8,
      turns.map((turn) => turn.one / turn.two),
    ),
    row(
      '2 workers / PyTorch float32',
      0.2,
      turns.map((turn) => turn.torch / turn.two),
    ),
    row(
      'training step / forward pass, 1 worker (lower is better)',
      4.5,
      turns.map((turn) => turn.step / turn.forward),
    ),
  ];
  for (const { name, ratio, lowest, highest, aim } of results)
    console.log(`${name}: ${ratio.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)}), aim ${aim}`);
  const record = {
    machine: describeMachine(),
    load: loadavg()[0],
    node: process.version,
    torch: torch.version,
    batch: BATCH,
    images: IMAGES,
    results,
    milliseconds: turns,
  };
  writeFileSync(join(__dirname, 'results/wasm.json'), `${JSON.stringify(record, undefined, 2)}\n`);
}

void main();
