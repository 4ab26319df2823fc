import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups, readNetwork, stockLayers, writeModel } from '@tersor/network';
import { comparePruned, randomRemovals } from '../../../../packages/network/test/equivalence.js';
import { differences } from '../../test/against-onnxruntime.js';
import { writeModelFile } from '../../test/build-onnx.js';
import { around, PART_CASES } from '../../test/part-networks.js';
import { createOnnxFormat } from '../index.js';
import { PART_OPERATORS } from './parts/part-operators.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-parts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const format = createOnnxFormat();
const partsOf = (graph: Awaited<ReturnType<typeof format.read>>) =>
  graph.layers.filter(({ className }) => className === 'TersorFrozenPart');

describe.each(Object.entries(PART_CASES))('a part that has no layers, with %s', (_name, part) => {
  it('is one layer, computes what onnxruntime does, and is written and read again', async () => {
    const path = await writeModelFile(folder, around(part));
    const graph = await format.read(path);
    expect(partsOf(graph)).toHaveLength(1);
    expect(graph.layers.filter(({ className }) => className === 'Conv2D')).toHaveLength(3);
    for (const difference of await differences(path, graph, 1)) expect(difference).toBeLessThan(1e-5);
    const written = join(folder, await format.write!(graph, folder));
    const again = await format.read(written);
    expect(partsOf(again)).toHaveLength(1);
    for (const difference of await differences(written, graph, 1)) expect(difference).toBeLessThan(1e-5);
    for (const difference of await differences(written, again, 1)) expect(difference).toBeLessThan(1e-5);
  });
});

it('has a case for every operator that can be a step', () => {
  const tried = new Set(Object.values(PART_CASES).flatMap(({ nodes }) => nodes.map(([type]) => type)));
  // What the reader itself makes of spelled-out forms, and the same product as in other cases.
  const known = [...PART_OPERATORS.keys()].filter((type) => !['Gelu (tanh)', 'Swish'].includes(type));
  expect(known.filter((type) => !tried.has(type))).toEqual([]);
});

it('has each of them on its page', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/plugins/onnx-operators.md'), 'utf8');
  const [, part = ''] = page.split('## In frozen parts');
  const listed = [...part.matchAll(/`([A-Z]\w*)`/g)].map(([, type]) => type!);
  const known = [...PART_OPERATORS.keys()].filter((type) => !type.includes(' '));
  expect(listed.sort()).toEqual(known.sort());
});

it('is written as a LayersModel, and that as ONNX', async () => {
  const path = await writeModelFile(folder, around(PART_CASES['MatMul and Gemm']!));
  await writeModel(await format.read(path), join(folder, 'layers'));
  const graph = await readNetwork(join(folder, 'layers/model.json'));
  const written = join(folder, await format.write!(graph, folder));
  for (const difference of await differences(written, graph, 1)) expect(difference).toBeLessThan(1e-5);
});

it('computes each image of an open batch by itself', async () => {
  const path = await writeModelFile(folder, around(PART_CASES['Softmax']!, 'N'));
  for (const difference of await differences(path, await format.read(path), 3))
    expect(difference).toBeLessThan(1e-5);
});

it('stops the groups of channels, and what is around it is pruned', async () => {
  const graph = await format.read(await writeModelFile(folder, around(PART_CASES['Softmax']!)));
  const { groups, barriers } = channelGroups(graph);
  expect(groups.map(({ channels }) => channels)).toEqual([7, 5]);
  expect(barriers.map(({ reason }) => reason).join()).toContain('not understood (TersorFrozenPart)');
  const { difference, effect } = await comparePruned(graph, randomRemovals(graph, 5), 5);
  expect(difference).toBeLessThan(1e-5);
  expect(effect).toBeGreaterThan(1e-4);
  expect(() => stockLayers(graph)).toThrow(/\(TersorFrozenPart\)/);
});

it.each([
  ['NonZero', {}, /NonZero "node6": an operator that is not known/],
  ['ArgMax', { select_last_index: 1 }, /ArgMax "node6" chooses the last of equal values/],
])('refuses %s before a kernel by name', async (type, attributes, message) => {
  const nodes = [[type, ['seed'], ['part'], attributes]] as const;
  const path = await writeModelFile(folder, around({ nodes }));
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(message) as string,
  });
});

it('refuses parts in files for two images at a time', async () => {
  const path = await writeModelFile(folder, around(PART_CASES['Softmax']!, 2));
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(/MatMul "node4" reads "turned", which the network computes/) as string,
  });
});

it('refuses a part of more values than memory has, before any are computed', async () => {
  const nodes = [['Tile', ['seed', 'times'], ['part']]] as const;
  const constants = { times: { shape: [4], values: [1, 2 ** 30, 1, 1], int64: true as const } };
  const path = await writeModelFile(folder, around({ nodes, constants }));
  await expect(format.read(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(/Tile "node6" .*4294967296/) as string,
  });
});
