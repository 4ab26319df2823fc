import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { isTersorError, createRandom, type LayerGraph, type Random } from '@tersor/core';
import { cost } from '../cost/cost.js';
import { channelGroups } from '../groups/channel-groups.js';
import { writeModel } from './model-files.js';
import { graphFromModel } from '../graph/model-graph.js';
import { readNetwork } from './read-network.js';

const MUTATIONS = 600;

/** Values that take the place of others, of every type and of sizes that no one means. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  2 ** 53,
  1e308,
  '',
  'x',
  'relu',
  '__proto__',
  '../x',
  '\x1b[31m',
  [],
  [null],
  [[]],
  {},
  { class_name: 'Dense', config: {} },
  { toString: 1 },
  [[['conv', 0, 0, {}]]],
  'input',
  'Model',
  'Sequential',
  'RNN',
];

type Holder = Record<string, unknown> | unknown[];

/** All arrays and objects of a JSON value. */
function holders(value: unknown): Holder[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Holder, ...Object.values(value).flatMap(holders)];
}

/**
 * One to three changes: odd values, keys that leave or appear, entries that are doubled or come from
 * elsewhere.
 */
function mutate(json: unknown, random: Random): void {
  for (let change = random.integer(3); change >= 0; change--) {
    const all = holders(json).filter((each) => Object.keys(each).length > 0);
    const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
    const target = pick(all) as Record<string, unknown>;
    const key = pick(Object.keys(target));
    const kinds = [
      () => (target[key] = structuredClone(pick(ODD))),
      () => (Array.isArray(target) ? target.splice(Number(key), 1) : Reflect.deleteProperty(target, key)),
      () =>
        Array.isArray(target)
          ? target.push(structuredClone(target[Number(key)]))
          : (target[`${key}_`] = structuredClone(target[key])),
      () => (target[key] = structuredClone(pick(all))),
      () =>
        typeof target[key] === 'number'
          ? (target[key] = (target[key] as number) * 10 ** random.integer(12))
          : (target[key] = structuredClone(pick(ODD))),
    ];
    pick(kinds)();
  }
}

let folder: string;
let text: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-hostile-'));
  const input = tfl.input({ shape: [6, 6, 2], name: 'input' });
  const conv = tfl.layers
    .conv2d({ name: 'conv', filters: 3, kernelSize: 3, padding: 'same' })
    .apply(input) as tfl.SymbolicTensor;
  const other = tfl.layers
    .depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same' })
    .apply(conv) as tfl.SymbolicTensor;
  const sum = tfl.layers
    .add({ name: 'add' })
    .apply([
      conv,
      tfl.layers.batchNormalization({ name: 'norm' }).apply(other) as tfl.SymbolicTensor,
    ]) as tfl.SymbolicTensor;
  const rows = tfl.layers.reshape({ name: 'rows', targetShape: [6, 18] }).apply(sum) as tfl.SymbolicTensor;
  const lstm = tfl.layers.bidirectional({
    name: 'both',
    layer: tfl.layers.lstm({ units: 2, recurrentInitializer: 'glorotUniform' }) as never,
    mergeMode: 'concat',
  });
  const output = tfl.layers.dense({ name: 'head', units: 2 }).apply(lstm.apply(rows)) as tfl.SymbolicTensor;
  await writeModel(
    await graphFromModel(tfl.model({ inputs: input, outputs: output })),
    join(folder, 'model'),
  );
  text = await readFile(join(folder, 'model/model.json'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true }));

/** Reads a model and goes through it as `tersor inspect` does. */
async function inspected(path: string): Promise<LayerGraph> {
  const graph = await readNetwork(path);
  channelGroups(graph);
  cost(graph);
  return graph;
}

it(`reads or refuses by code ${MUTATIONS} mutants of a model.json, soon, and leaves no tensor behind`, async () => {
  const random = createRandom(4, 'model.json');
  const path = join(folder, 'model/model.json');
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  let read = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const json: unknown = JSON.parse(text);
    mutate(json, random);
    await writeFile(path, JSON.stringify(json));
    const before = tf.memory().numTensors;
    const start = process.cpuUsage();
    const result = await inspected(path).catch((error: unknown) => error);
    if (result instanceof Error && !isTersorError(result))
      throw new Error(`mutation ${i}: ${result.stack}\n${JSON.stringify(json).slice(0, 4000)}`);
    if (!(result instanceof Error)) read++;
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(5e6);
    expect([i, tf.memory().numTensors]).toEqual([i, before]);
  }
  warn.mockRestore();
  // If nothing came through, the test would not reach beyond the first checks.
  expect(read).toBeGreaterThan(40);
});
