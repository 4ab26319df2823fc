/**
 * The node backend against PyTorch on VGG-19 for 32x32 images: forward in float32 and bfloat16, and a
 * training step. Both sides take turns within one run, so that whatever else the machine does falls on both;
 * the figure is the median of the rounds' ratios.
 *
 *   pip install -r bench/reference/requirements.txt
 *   MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
 *     node --conditions=tersor/source --import tsx bench/backends/node.ts [python] [rounds]
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createNodeBackend } from '@tersor/backend-node';
import { copyWeights } from '@tersor/network';
import type { Precision } from '@tersor/core';
import { startReference } from './pytorch.js';
import { vgg19 } from './vgg19.js';
import { median } from '../median.js';

const IMAGES = 128;
const TRAIN_BATCH = 64;
const root = join(__dirname, '../..');

async function seconds(run: () => Promise<unknown>): Promise<number> {
  await run();
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

async function main(): Promise<void> {
  const [python = 'python3', rounds = '5'] = process.argv.slice(2);
  const backend = createNodeBackend({ precision: 'float32', directories: [root] });
  const availability = await backend.isAvailable();
  if (!availability.available) throw new Error(`${availability.reason} ${availability.install}`);
  const graph = await vgg19();
  const torch = await startReference(python);
  const images = Float32Array.from({ length: IMAGES * 3072 }, (_, i) => Math.sin(i * 12.9898));
  const labels = Int32Array.from({ length: IMAGES }, (_, i) => i % 10);
  const weights = copyWeights(graph);
  const training = await backend.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const step = {
    images: images.subarray(0, TRAIN_BATCH * 3072),
    labels: labels.subarray(0, TRAIN_BATCH),
    seed: 1,
  };
  const forward = async (precision: Precision) => {
    const session = await backend.compile(graph, { precision });
    return () => session.run(images);
  };
  const cases = [
    {
      name: 'forward float32 / PyTorch float32',
      ours: await forward('float32'),
      theirs: `forward float32 ${IMAGES} 64`,
      aim: 0.8,
    },
    {
      name: 'forward bfloat16 / PyTorch float32',
      ours: await forward('bfloat16'),
      theirs: `forward float32 ${IMAGES} 64`,
      aim: 2.5,
    },
    {
      name: 'training step float32 / PyTorch float32',
      ours: () => training.step(weights, step),
      theirs: `train float32 ${TRAIN_BATCH} ${TRAIN_BATCH}`,
      aim: 0.6,
    },
  ];
  const results = [];
  for (const { name, ours, theirs, aim } of cases) {
    const times: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < Number(rounds); round++)
      times.push({ theirs: await torch.ask(theirs), ours: await seconds(ours) });
    const ratios = times.map((time) => time.theirs / time.ours);
    results.push({
      name,
      aim,
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
      times,
    });
    console.log(
      `${name}: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}), aim ${aim}`,
    );
  }
  torch.end();
  const machine = {
    processor: cpus()[0]!.model,
    threads: cpus().length,
    load: loadavg()[0]!,
    node: process.version,
  };
  const record = {
    machine,
    torch: torch.version,
    backend: availability.details,
    images: IMAGES,
    trainBatch: TRAIN_BATCH,
    results,
  };
  writeFileSync(join(root, 'bench/backends/results/node.json'), `${JSON.stringify(record, undefined, 2)}\n`);
}

void main();
