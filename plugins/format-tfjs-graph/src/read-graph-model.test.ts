import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, isTersorError, type Format, type PluginContext } from '@tersor/core';
import { channelGroups, cost, readNetwork } from '@tersor/network';
import { check, formatContract } from '@tersor/testing';
import plugin from './index.js';
import { readGraphModel } from './read-graph-model.js';
import { attribute, graphModelOutputs, GraphFixture, layerOutputs } from '../test/graph-fixture.js';
import { channelsFirst, parts } from '../test/more-networks.js';
import { arithmetic, classifier, shapes } from '../test/networks.js';
import { sampled } from '../test/part-networks.js';

const context: PluginContext = { directory: '.', seed: 1, get: () => Promise.reject(new Error()) };
let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-graph-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The largest difference from what TensorFlow.js's own reader of GraphModels gives. */
async function difference(path: string, shape: readonly number[], names: string[]): Promise<number> {
  const length = shape.reduce((product, size) => product * size, 1);
  const image = tf.tensor(
    Float32Array.from({ length: 2 * length }, (_, i) => Math.sin(i)),
    [2, ...shape],
  );
  const found = (await layerOutputs(await readGraphModel(path, { outputs: names }), image)).flat();
  const right = (await graphModelOutputs(path, image, names)).flat();
  image.dispose();
  expect(found.length).toBe(right.length);
  return Math.max(...right.map((value, i) => Math.abs(value - found[i]!)));
}

it.each([undefined, 'uint8', 'float16'] as const)(
  'reads a network with fused operators, folded norms and a gate, its weights stored as %s',
  async (stored) => {
    const path = await classifier().write(join(folder, `classifier-${stored}`), stored);
    expect(await difference(path, [8, 8, 3], ['output'])).toBeLessThan(1e-4);
  },
);

it('makes the layers that one would write by hand', async () => {
  const graph = await readGraphModel(await classifier().write(join(folder, 'hand')));
  expect(graph.calls.map(({ layer }) => layer)).toEqual([
    ...[
      'image',
      'shifted',
      'stem',
      'deep',
      'wide',
      'norm',
      'sum',
      'squeezed/pool',
      'squeezed',
      'gate',
      'clipped',
    ],
    ...['excited', 'mean_', 'logits', 'softmax'],
  ]);
  const classOf = (name: string) => graph.layers.find((layer) => layer.name === name)!.className;
  expect(classOf('clipped')).toBe('TersorHardSigmoid');
  expect(classOf('shifted')).toBe('BatchNormalization');
  expect(graph.layers.find(({ name }) => name === 'wide')!.weights.map(({ name }) => name)).toEqual([
    'kernel',
    'bias',
  ]);
});

it('reads operators of shapes, sizes and parts', async () => {
  const path = await shapes().write(join(folder, 'shapes'));
  expect(await difference(path, [6, 8, 4], ['output'])).toBeLessThan(1e-4);
  expect(await difference(path, [6, 8, 4], ['sums'])).toBeLessThan(1e-3);
});

it('reads arithmetic with numbers, vectors and tensors', async () => {
  const path = await arithmetic().write(join(folder, 'arithmetic'));
  expect(await difference(path, [4, 4, 3], ['output'])).toBeLessThan(1e-4);
});

it('names all nodes that it cannot read where kernels follow, with the way around them', async () => {
  const g: GraphFixture = classifier();
  const kernel = () => g.constant(`k${g.nodes.length}`, [4, 2]);
  g.node('one', 'MatMul', [g.node('unknown', 'Where', ['softmax']), kernel()]);
  g.node('two', 'MatMul', [g.node('picked', 'TopKV2', ['logits', g.scalar('index', 2)]), kernel()]);
  const path = await g.write(join(folder, 'unknown'));
  await expect(readGraphModel(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(
      /2 nodes that are not read:\n.*"unknown" \(Where\) is not known\n.*"picked" \(TopKV2\) is not known/,
    ) as string,
    hint: expect.stringContaining('outputs=') as string,
  });
  await expect(readGraphModel(path, { outputs: ['softmax'] })).resolves.toBeDefined();
  await expect(readGraphModel(path, { outputs: ['none'] })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  // Or from there on, where the nodes before are no network.
  const rest = await readGraphModel(path, { outputs: ['one'], inputs: ['unknown'], inputShape: [4] });
  expect(rest.calls.map(({ layer }) => layer)).toEqual(['unknown', 'one']);
});

it('leaves out the choice of the best after the network, loops too, and says so', async () => {
  const g: GraphFixture = classifier();
  g.node('a', 'AddV2', ['softmax', 'b']);
  g.node('b', 'Relu', ['a']);
  g.node('end', 'Relu', ['b']);
  g.node('best', 'TopKV2', ['logits', g.scalar('k', 3)]);
  const path = await g.write(join(folder, 'tail'));
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const graph = await readGraphModel(path);
  expect(warned.mock.calls.flat()).toEqual([
    expect.stringMatching(
      /left out; its outputs are output, logits\. Not read: .*"best" \(TopKV2\) is not known/,
    ),
    { type: 'TersorWarning', code: 'TERSOR_CUT' },
  ]);
  warned.mockRestore();
  const names = ['softmax', 'logits'];
  expect(graph.outputs.map((call) => graph.calls[call]!.layer)).toEqual(names);
  expect(await difference(path, [8, 8, 3], names)).toBeLessThan(1e-4);
  // What was asked for by name has to be read.
  await expect(readGraphModel(path, { outputs: ['best'] })).rejects.toThrow('"best" (TopKV2) is not known');
});

it('refuses loops that kernels follow, and sizes that the file leaves open where they must be known', async () => {
  const g = classifier();
  g.node('a', 'AddV2', ['softmax', 'b']);
  g.node('b', 'Relu', ['a']);
  g.node('end', 'MatMul', ['b', g.constant('k', [4, 2])]);
  await expect(readGraphModel(await g.write(join(folder, 'loop')))).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('go in a circle') as string,
  });
  const open = classifier();
  open.nodes[0]!.attr['shape'] = { shape: { unknownRank: true } };
  const path = await open.write(join(folder, 'open'));
  await expect(readGraphModel(path)).rejects.toThrow('give "inputShape"');
  const graph = await readGraphModel(path, { inputShape: [8, 8, 3] });
  expect(graph.calls[0]!.outputShape).toEqual([8, 8, 3]);
});

it('reads blocks of positions, parts in any order, repeats, and sums over channels', async () => {
  const path = await parts().write(join(folder, 'parts'));
  expect(await difference(path, [4, 6, 8], ['output'])).toBeLessThan(1e-4);
});

it('makes channels of blocks of positions, and gives them back', async () => {
  const g = new GraphFixture();
  const block = { block_size: attribute.integer(2) };
  const space = g.node('space', 'DepthToSpace', [g.input([4, 6, 8])], block);
  g.node('output', 'SpaceToDepth', [space], block);
  const path = await g.write(join(folder, 'blocks'));
  const image = tf.randomUniform([2, 4, 6, 8], 0, 1, 'float32', 1);
  const [found] = await layerOutputs(await readGraphModel(path), image);
  expect(found).toEqual([...image.dataSync()]);
  image.dispose();
});

it('turns nothing around in a network of channels first whose operators stand between transposes', async () => {
  const path = await channelsFirst().write(join(folder, 'first'));
  const graph = await readGraphModel(path);
  expect(graph.calls[0]!.outputShape).toEqual([8, 10, 3]);
  const permuted = graph.layers.filter(({ className }) => className === 'Permute');
  // Before the flatten, whose order is that of the file.
  expect(permuted.map(({ name }) => name)).toEqual(['output/permute']);
  const image = tf.randomUniform([2, 8, 10, 3], -1, 1, 'float32', 1);
  const first = tf.transpose(image, [0, 3, 1, 2]);
  const found = (await layerOutputs(graph, image)).flat();
  const right = (await graphModelOutputs(path, first, ['output'])).flat();
  tf.dispose([image, first]);
  expect(Math.max(...right.map((value, i) => Math.abs(value - found[i]!)))).toBeLessThan(1e-4);
  expect(channelGroups(graph).groups.map(({ channels }) => channels)).toEqual([3]);
});

it('keeps the contract of formats, and takes its files from the reader of LayersModels', async () => {
  const path = await classifier().write(join(folder, 'contract'));
  const make = async (): Promise<Format> => plugin.create({}, context);
  // The contract gives half of the JSON the name of a model.json beside no weights.
  expect(await check(formatContract(make, path))).toEqual([]);
  const graph = await readNetwork(path, { plugins: [plugin] });
  expect(graph.layers.length).toBeGreaterThan(10);
  expect((await make()).parts!(path)).resolves.toEqual([path, join(folder, 'contract/weights.bin')]);
});

it.each([
  ['shapes', shapes],
  ['frozen parts', sampled],
])('reads or refuses by code 200 mutants of a model.json of %s, soon, no tensor left', async (name, make) => {
  const random = createRandom(5, 'graph');
  const path = await make().write(join(folder, `mutants of ${name}`));
  const text = await readFile(path, 'utf8');
  const odd = [null, true, -1, 0, 1e9, '', 'x', '__proto__', [], {}, '1', attribute.integers(1, 1e9, 1, 1)];
  let read = 0;
  for (let i = 0; i < 200; i++) {
    const json = JSON.parse(text) as unknown;
    const holders: Record<string, unknown>[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if (Object.keys(value).length > 0) holders.push(value as Record<string, unknown>);
      Object.values(value).forEach(collect);
    };
    collect(json);
    const holder = holders[random.integer(holders.length)]!;
    const keys = Object.keys(holder);
    const key = keys[random.integer(keys.length)]!;
    if (random.integer(3) === 0) Reflect.deleteProperty(holder, key);
    else
      holder[key] = random.integer(2)
        ? odd[random.integer(odd.length)]
        : holders[random.integer(holders.length)];
    let mutant: string;
    try {
      mutant = JSON.stringify(json);
    } catch {
      continue;
    }
    await writeFile(path, mutant);
    const before = tf.memory().numTensors;
    const start = process.cpuUsage();
    try {
      const graph = await readGraphModel(path);
      channelGroups(graph);
      cost(graph);
      read++;
    } catch (error) {
      if (!isTersorError(error)) throw new Error(`mutant ${i}: ${(error as Error).stack}`);
      expect(['MODEL_INVALID', 'MODEL_UNSUPPORTED']).toContain(error.code);
    }
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(5e6);
    expect(tf.memory().numTensors).toBe(before);
  }
  expect(read).toBeGreaterThan(20);
});
