/**
 * Networks of Keras in full size, read from the files that it wrote: outputs against those of Keras, and a
 * random plan against the network with the same channels masked, and the pruned network as ONNX in
 * onnxruntime. Writes results/real.json beside it, and the table in docs/plugins/format-keras.md.
 *
 *   KERAS_BACKEND=torch python bench/reference/export-keras.py real FOLDER
 *   npm run setup:tfjs-node
 *   node --conditions=tersor/source --import tsx bench/keras/real.ts FOLDER [name]...
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
import { createRandom, type LayerGraph } from '@tersor/core';
import { channelGroups, cost, type Removal } from '@tersor/network';
import { createOnnxFormat } from '@tersor/format-onnx';
import { comparePruned } from '../../packages/network/test/equivalence.js';
import { run } from '../../packages/network/test/masked-run.js';
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
const PAGE = join(root, 'docs/plugins/format-keras.md');

/** What is known of a network. */
interface Result {
  readonly layers: number;
  readonly parameters: number;
  readonly outputs?: number;
  readonly secondsToRead: number;
  readonly differenceFromKeras: number;
  readonly differenceOfH5: number;
  readonly groups: number;
  readonly barriers: number;
  readonly channelsRemoved: number;
  readonly multiplyAddsLeft: number;
  readonly differenceOfPrunedAndMasked: number;
  readonly effectOfPruning: number | undefined;
  readonly bytesAsOnnx: number;
  readonly differenceInOnnxruntime: number;
}

/** Of each group a random half to all of its channels stays. */
function randomRemovals(graph: LayerGraph): Removal[] {
  const random = createRandom(1, 'plan');
  return channelGroups(graph).groups.map((group) => {
    const count = Math.ceil(group.channels / 2) + random.integer(Math.floor(group.channels / 2) + 1);
    const keep = random.permutation(group.channels).slice(0, count);
    return { group, keep: keep.sort((a, b) => a - b) };
  });
}

/** The largest difference, divided by the largest value where that is over 1. */
function difference(found: Float32Array, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  const values = Array.from(expected);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0) / scale;
}

/** A network as an ONNX file: its bytes, and how far onnxruntime is from what it gave for the image. */
async function asOnnx(graph: LayerGraph, image: Float32Array, expected: readonly Float32Array[]) {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-keras-'));
  try {
    const format = createOnnxFormat();
    const path = join(folder, await format.write!(graph, folder));
    const reference = await onnxReference(path, await format.read(path));
    const found = await reference.run([image]);
    await reference.dispose();
    return { bytes: statSync(path).size, difference: largest(found, expected) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The largest difference of all outputs. */
function largest(found: readonly Float32Array[], expected: readonly ArrayLike<number>[]): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(...found.map((values, i) => difference(values, expected[i]!)));
}

async function main(): Promise<void> {
  const [folder = '.', ...names] = process.argv.slice(2);
  const written = JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')) as {
    keras: string;
    networks: Record<string, Expected>;
  };
  await (await createNodeBackend({ precision: 'float32', directories: [root] })).activate();
  const outputs = async (graph: LayerGraph, image: Float32Array) => {
    const shape = graph.calls[graph.inputs[0]!]!.outputShape as number[];
    const tensor = tf.tensor(image, [1, ...shape]);
    const found = await run(graph, [tensor]);
    tf.dispose(tensor);
    return found;
  };
  const known = existsSync(results)
    ? (JSON.parse(readFileSync(results, 'utf8')) as { networks: Record<string, Result> })
    : undefined;
  const networks: Record<string, Result> = { ...known?.networks };
  for (const [name, { shape, scale, offset, outputs: expected }] of Object.entries(written.networks)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const length = shape.reduce((product, size) => product * size, 1);
    const image = Float32Array.from({ length }, (_, i) => Math.sin(i) * scale + offset);
    const start = performance.now();
    const graph = await readKeras(resolve(folder, `${name}.keras`));
    const seconds = (performance.now() - start) / 1000;
    const found = await outputs(graph, image);
    const legacy = await readKeras(resolve(folder, `${name}.h5`));
    const { groups, barriers } = channelGroups(graph);
    const removals = randomRemovals(graph);
    const { pruned, difference: apart, effect, removed } = await comparePruned(graph, removals, 5);
    const [before, after] = [cost(graph), cost(pruned)];
    const onnx = await asOnnx(pruned, image, await outputs(pruned, image));
    networks[name] = {
      layers: graph.layers.length,
      parameters: before.parameters,
      outputs: found.length,
      secondsToRead: Number(seconds.toFixed(1)),
      differenceFromKeras: largest(found, expected),
      differenceOfH5: largest(await outputs(legacy, image), found),
      groups: groups.length,
      barriers: barriers.length,
      channelsRemoved: removed,
      multiplyAddsLeft: Number((after.macs / before.macs).toFixed(3)),
      differenceOfPrunedAndMasked: apart,
      effectOfPruning: effect,
      bytesAsOnnx: onnx.bytes,
      differenceInOnnxruntime: onnx.difference,
    };
    console.log(name, networks[name]);
    const { keras } = written;
    writeFileSync(results, `${JSON.stringify({ keras, backend: 'node', networks }, undefined, 2)}\n`);
  }
  const page = readFileSync(PAGE, 'utf8');
  const place = /(<!-- keras-real: .*? -->\n)[^]*?(<!-- keras-real: end -->)/;
  writeFileSync(PAGE, page.replace(place, `$1\n${table(networks)}\n$2`));
}

/** The table of the page: one row for each network. */
function table(networks: Readonly<Record<string, Result>>): string {
  const head = ['network', 'weights', 'groups', 'difference', 'pruned', 'left', 'as ONNX'];
  const rows = Object.entries(networks).map(([name, each]) => [
    name,
    `${(each.parameters / 1e6).toFixed(1)} M`,
    String(each.groups),
    Math.max(each.differenceFromKeras, each.differenceOfH5).toExponential(0),
    each.differenceOfPrunedAndMasked.toExponential(0),
    `${Math.round(100 * each.multiplyAddsLeft)}%`,
    each.differenceInOnnxruntime.toExponential(0),
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') + '\n';
}

void main();
