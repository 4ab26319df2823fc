/**
 * Real networks that hold layers of Tersor's own, pruned and evaluated on every backend: outputs for the same
 * images against those of the `cpu` backend, which is TensorFlow.js's plain JavaScript. Writes backends.json
 * beside it. GraphModels are named by their JSON.
 *
 *   python bench/reference/export-onnx.py real out/real
 *   node --conditions=tersor/source --import tsx bench/onnx/backends.ts out/real/resnet18-dynamo.onnx ...
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCpuBackend } from '@tersor/backend-cpu';
import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import { createWebgpuBackend } from '@tersor/backend-webgpu';
import { createRandom, messageOf, type Backend, type LayerGraph } from '@tersor/core';
import { createOnnxFormat } from '@tersor/format-onnx';
import { channelGroups, cost, removeAll } from '@tersor/network';
import { readGraphModel } from '../../plugins/format-tfjs-graph/src/read-graph-model.js';

const BACKENDS: Readonly<Record<string, () => Backend | Promise<Backend>>> = {
  cpu: () => createCpuBackend(),
  wasm: () => createWasmBackend({ workers: 1 }),
  node: () => createNodeBackend({ precision: 'float32', directories: [process.cwd()] }),
  webgpu: () => createWebgpuBackend({ powerPreference: 'high-performance' }),
};

/** The network without a quarter of the channels of every group. */
function pruned(graph: LayerGraph): LayerGraph {
  const random = createRandom(7, 'backends');
  const removals = channelGroups(graph).groups.map((group) => ({
    group,
    keep: random
      .permutation(group.channels)
      .slice(0, Math.max(1, Math.round(0.75 * group.channels)))
      .sort((a, b) => a - b),
  }));
  return removeAll(graph, removals);
}

async function outputs(backend: Backend, graph: LayerGraph, images: Float32Array): Promise<Float32Array> {
  await backend.activate();
  const session = await backend.compile(graph);
  try {
    return Float32Array.from(await session.run(images));
  } finally {
    session.dispose();
  }
}

async function examined(path: string): Promise<object> {
  const whole = path.endsWith('.json') ? await readGraphModel(path) : await createOnnxFormat().read(path);
  const graph = pruned(whole);
  const own = [...new Set(graph.layers.map(({ className }) => className))].filter((each) =>
    each.startsWith('Tersor'),
  );
  const shape = graph.calls[graph.inputs[0]!]!.outputShape.map((length) => length ?? 128);
  const size = shape.reduce((product, length) => product * length, 1);
  const random = createRandom(3, 'images');
  const images = Float32Array.from({ length: 2 * size }, () => random.normal());
  const known = { layers: graph.layers.length, own, macs: [cost(whole).macs, cost(graph).macs] };
  const differences: Record<string, unknown> = {};
  let right: Float32Array | undefined;
  for (const [name, make] of Object.entries(BACKENDS)) {
    try {
      const backend = await make();
      const found = await outputs(backend, graph, images);
      right ??= found;
      const scale = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const apart = found.reduce((most, value, i) => Math.max(most, Math.abs(value - right![i]!)), 0);
      differences[name] = name === 'cpu' ? { largest: scale } : apart / scale;
    } catch (error) {
      differences[name] = messageOf(error);
    }
  }
  return { ...known, differences };
}

async function main(): Promise<void> {
  const file = join(__dirname, 'backends.json');
  const results: Record<string, unknown> = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as object as Record<string, unknown>)
    : {};
  for (const path of process.argv.slice(2)) {
    results[basename(path)] = await examined(path);
    console.log(basename(path), JSON.stringify(results[basename(path)]));
    writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
  }
  // The device of webgpu keeps a process alive.
  process.exit(0);
}

void main();
