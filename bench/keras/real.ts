/**
 * Networks of keras.applications, read from the files that Keras wrote: outputs against those of Keras, and a
 * random plan against the network with the same channels masked, and the pruned network as ONNX in
 * onnxruntime. Writes results/real.json beside it.
 *
 *   KERAS_BACKEND=torch python bench/reference/export-keras.py real FOLDER
 *   npm run setup:tfjs-node
 *   node --conditions=tersor/source --import tsx bench/keras/real.ts FOLDER [name]...
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createNodeBackend } from '@tersor/backend-node';
import { createRandom, type LayerGraph } from '@tersor/core';
import {
  channelGroups,
  copyWeights,
  cost,
  removeAll,
  type Removal,
  weightSlots,
  withWeights,
} from '@tersor/network';
import { createOnnxFormat } from '@tersor/format-onnx';
import { onnxReference } from '../../plugins/format-onnx/src/reference.js';
import { readKeras } from '../../plugins/format-keras/src/read-keras.js';

interface Expected {
  readonly shape: readonly number[];
  readonly scale: number;
  readonly offset: number;
  readonly outputs: readonly (readonly number[])[];
}

const root = join(__dirname, '../..');
const results = join(__dirname, 'results/real.json');

/** Of each group a random half to all of its channels stays. */
function randomRemovals(graph: LayerGraph): Removal[] {
  const random = createRandom(1, 'plan');
  return channelGroups(graph).groups.map((group) => {
    const count = Math.ceil(group.channels / 2) + random.integer(Math.floor(group.channels / 2) + 1);
    const keep = random.permutation(group.channels).slice(0, count);
    return { group, keep: keep.sort((a, b) => a - b) };
  });
}

/** The network in which every layer that reads a removed channel reads zero: its kernel is zero there. */
function masked(graph: LayerGraph, removals: readonly Removal[]): LayerGraph {
  const weights = copyWeights(graph);
  const slots = weightSlots(graph);
  for (const { group, keep } of removals) {
    const kept = new Set(keep);
    for (const { layer, weight, axis, role, indexes } of group.members) {
      if (role !== 'consumes') continue;
      const slot = slots.findIndex((each) => each.layer.name === layer && each.weight.name === weight);
      const { shape } = slots[slot]!.weight;
      const gone = new Set(indexes.flatMap((own, channel) => (kept.has(channel) ? [] : own)));
      const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      weights[slot]!.forEach((_, i) => {
        if (gone.has(Math.floor(i / stride) % shape[axis]!)) weights[slot]![i] = 0;
      });
    }
  }
  return withWeights(graph, weights);
}

/** The largest difference, divided by the largest value where that is over 1. */
function difference(found: Float32Array, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  const values = Array.from(expected);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0) / scale;
}

/** A network as an ONNX file: its bytes, and how far onnxruntime is from what it gave for the images. */
async function asOnnx(graph: LayerGraph, images: Float32Array, expected: Float32Array) {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-keras-'));
  try {
    const format = createOnnxFormat();
    const path = join(folder, await format.write!(graph, folder));
    const reference = await onnxReference(path, await format.read(path));
    const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>((all, each) => all * each!, 1);
    const [found] = await reference.run([images.slice(0, size)]);
    await reference.dispose();
    return { bytes: statSync(path).size, difference: difference(found!, expected.slice(0, found!.length)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const [folder = '.', ...names] = process.argv.slice(2);
  const written = JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')) as {
    keras: string;
    networks: Record<string, Expected>;
  };
  const backend = createNodeBackend({ precision: 'float32', directories: [root] });
  const outputs = async (graph: LayerGraph, images: Float32Array) => {
    const session = await backend.compile(graph);
    const found = await session.run(images);
    session.dispose();
    return found;
  };
  const known = existsSync(results)
    ? (JSON.parse(readFileSync(results, 'utf8')) as { networks: object })
    : undefined;
  const networks: Record<string, unknown> = { ...known?.networks };
  for (const [name, { shape, scale, offset, outputs: expected }] of Object.entries(written.networks)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const length = shape.reduce((product, size) => product * size, 1);
    const images = Float32Array.from({ length }, (_, i) => Math.sin(i) * scale + offset);
    const start = performance.now();
    const graph = await readKeras(resolve(folder, `${name}.keras`));
    const seconds = (performance.now() - start) / 1000;
    const found = await outputs(graph, images);
    const legacy = await readKeras(resolve(folder, `${name}.h5`));
    const { groups, barriers } = channelGroups(graph);
    const removals = randomRemovals(graph);
    const pruned = removeAll(graph, removals);
    const [before, after] = [cost(graph), cost(pruned)];
    const prunedOutputs = await outputs(pruned, images);
    const onnx = await asOnnx(pruned, images, prunedOutputs);
    networks[name] = {
      layers: graph.layers.length,
      parameters: before.parameters,
      secondsToRead: Number(seconds.toFixed(1)),
      differenceFromKeras: difference(found, expected.flat()),
      differenceOfH5: difference(await outputs(legacy, images), found),
      groups: groups.length,
      barriers: barriers.length,
      channelsRemoved: removals.reduce((sum, { group, keep }) => sum + group.channels - keep.length, 0),
      multiplyAddsLeft: Number((after.macs / before.macs).toFixed(3)),
      differenceOfPrunedAndMasked: difference(prunedOutputs, await outputs(masked(graph, removals), images)),
      effectOfPruning: difference(prunedOutputs, found),
      bytesAsOnnx: onnx.bytes,
      differenceInOnnxruntime: onnx.difference,
    };
    console.log(name, networks[name]);
    const { keras } = written;
    writeFileSync(results, `${JSON.stringify({ keras, backend: 'node', networks }, undefined, 2)}\n`);
  }
}

void main();
