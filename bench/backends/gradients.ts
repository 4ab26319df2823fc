/**
 * How exact are the gradients of a training step? One step of VGG-19 (32 images, drawn weights) in float32:
 * the node backend with its native batch norm and with the composed operations, wasm, and PyTorch; each
 * against PyTorch in double precision.
 *
 *   npm run setup:tfjs-node
 * node --conditions=tersor/source --import tsx bench/backends/gradients.ts --python <python> >
 * bench/backends/results/gradients.json
 *
 * A sign that rounding turns at a ReLU, or another largest value in a pooling window, changes single
 * gradients by far more than rounding itself. So the error of a tensor is given twice: of its whole (2-norm)
 * and of its worst element, both relative.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileGradients, copyWeights, weightSlots } from '@tersor/network';
import {
  describeMachine,
  createRandom,
  type Backend,
  type LayerGraph,
  type TrainingBatch,
  type TrainingSession,
} from '@tersor/core';
import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import { vgg19 } from './vgg19.js';

const IMAGES = 32;
const OBJECTIVE = { labelSmoothing: 0, distill: 0, temperature: 1 };

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });
  const wasm = createWasmBackend({ workers: 1 });
  const node = createNodeBackend({ precision: 'float32', directories: [join(__dirname, '../..')] });
  await wasm.activate();
  const graph = await vgg19();
  const random = createRandom(1, 'gradients');
  const batch: TrainingBatch = {
    images: Float32Array.from({ length: IMAGES * 32 * 32 * 3 }, () => random.normal()),
    labels: Int32Array.from({ length: IMAGES }, (_, i) => i % 10),
    seed: 1,
  };
  const sides: Record<string, Float64Array> = {};
  sides['wasm'] = await gradients(wasm, graph, batch, () => wasm.compileTraining(graph, OBJECTIVE));
  sides['node, composed batch norm'] = await gradients(node, graph, batch, () =>
    compileGradients(graph, OBJECTIVE),
  );
  sides['node, native batch norm'] = await gradients(node, graph, batch, () =>
    node.compileTraining(graph, OBJECTIVE),
  );
  const folder = await mkdtemp(join(tmpdir(), 'tersor-gradients-'));
  try {
    const bytes = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
      Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
    await writeFile(join(folder, 'weights.f32'), Buffer.concat(copyWeights(graph).map(bytes)));
    await writeFile(join(folder, 'images.f32'), bytes(batch.images));
    await writeFile(join(folder, 'labels.i32'), bytes(batch.labels));
    const { status } = spawnSync(
      values.python,
      [join(__dirname, '../reference/vgg-gradients-torch.py'), folder],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (status !== 0)
      throw new Error(`${values.python} failed: does it have bench/reference/requirements.txt?`);
    const read = async (name: string) =>
      new Float64Array(Uint8Array.from(await readFile(join(folder, name))).buffer);
    const exact = await read('float64.f64');
    sides['PyTorch float32'] = await read('float32.f64');
    const sizes = trained(graph).map(({ weight }) => weight.data.length);
    const results = Object.entries(sides).map(([name, side]) => ({ name, ...errors(side, exact, sizes) }));
    process.stdout.write(
      `${JSON.stringify({ machine: describeMachine(), images: IMAGES, results }, undefined, 1)}\n`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
    await wasm.dispose();
    await node.dispose();
  }
}

const trained = (graph: LayerGraph) => weightSlots(graph).filter(({ weight }) => weight.trainable);

async function gradients(
  backend: Backend,
  graph: LayerGraph,
  batch: TrainingBatch,
  compile: () => Promise<TrainingSession>,
): Promise<Float64Array> {
  await backend.activate();
  const session = await compile();
  const { updates } = await session.step(copyWeights(graph), batch);
  session.dispose();
  const kept = weightSlots(graph).flatMap(({ weight }, i) => (weight.trainable ? [updates[i]!] : []));
  const result = new Float64Array(kept.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const update of kept) {
    result.set(update, at);
    at += update.length;
  }
  return result;
}

/** The median and the largest over the tensors, and which tensor that is. */
function errors(side: Float64Array, exact: Float64Array, sizes: readonly number[]) {
  let at = 0;
  const tensors = sizes.map((size) => {
    let [square, total, worst, largest] = [0, 0, 0, 0];
    for (let i = at; i < at + size; i++) {
      const difference = Math.abs(side[i]! - exact[i]!);
      square += difference ** 2;
      total += exact[i]! ** 2;
      worst = Math.max(worst, difference);
      largest = Math.max(largest, Math.abs(exact[i]!));
    }
    at += size;
    return { whole: Math.sqrt(square / total), element: worst / largest };
  });
  const summary = (pick: (tensor: (typeof tensors)[number]) => number) => {
    const sorted = tensors.map(pick).sort((a, b) => a - b);
    return { median: sorted[sorted.length >> 1]!, largest: sorted.at(-1)! };
  };
  return { whole: summary(({ whole }) => whole), element: summary(({ element }) => element) };
}

void main();
