import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { createRandom, isTersorError, type LayerGraph, type Random } from '@tersor/core';
import { channelGroups, cost } from '@tersor/network';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { readKeras } from './read-keras.js';
import { sample } from '../test/keras-outputs.js';

const MUTATIONS = 150;
/** Values that take the place of others. */
const ODD = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  2 ** 53,
  '',
  'x',
  'relu',
  '__proto__',
  [],
  {},
  [[['conv', 0, 0, {}]]],
];

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-hostile-keras-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What comes of a file: a network that could be gone through, or the code of a typed error. */
async function outcome(name: string, bytes: Uint8Array): Promise<LayerGraph | string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const before = tf.memory().numTensors;
  const start = process.cpuUsage();
  try {
    const graph = await readKeras(path);
    channelGroups(graph);
    cost(graph);
    return graph;
  } catch (error) {
    if (!isTersorError(error)) throw error;
    return error.code;
  } finally {
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(5e6);
    expect(tf.memory().numTensors).toBe(before);
  }
}

/** A few bytes with other values, or an end that is cut off. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.integer(8) === 0) return bytes.slice(0, random.integer(bytes.length));
  const copy = Uint8Array.from(bytes);
  for (let i = random.integer(6); i >= 0; i--) copy[random.integer(copy.length)] = random.integer(256);
  return copy;
}

/** A value of JSON with one part of it changed. */
function changed(json: unknown, random: Random): unknown {
  const copy = structuredClone(json);
  const holders: Record<string, unknown>[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Object.keys(value).length > 0) holders.push(value as Record<string, unknown>);
    Object.values(value).forEach(collect);
  };
  collect(copy);
  const holder = holders[random.integer(holders.length)]!;
  const keys = Object.keys(holder);
  const key = keys[random.integer(keys.length)]!;
  const kind = random.integer(3);
  if (kind === 0) Reflect.deleteProperty(holder, key);
  else if (kind === 1) holder[key] = structuredClone(ODD[random.integer(ODD.length)]);
  else holder[key] = structuredClone(holders[random.integer(holders.length)]);
  return copy;
}

async function fuzz(
  make: (random: Random, i: number) => readonly [name: string, bytes: Uint8Array],
): Promise<number> {
  const random = createRandom(7, 'keras');
  let read = 0;
  const codes = new Set<string>();
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (let i = 0; i < MUTATIONS; i++) {
    const found = await outcome(...make(random, i));
    if (typeof found === 'string') codes.add(found);
    else read++;
  }
  warn.mockRestore();
  expect([...codes].filter((code) => !['MODEL_INVALID', 'MODEL_UNSUPPORTED'].includes(code))).toEqual([]);
  expect(codes.size).toBeGreaterThan(0);
  return read;
}

it(`reads or refuses by code ${MUTATIONS} damaged .h5 files, soon, and leaves no tensor behind`, async () => {
  const bytes = await readFile(sample('nested.h5'));
  // Most bytes are weights: where those alone changed, the file is read.
  expect(await fuzz((random) => ['net.h5', damaged(bytes, random)])).toBeGreaterThan(20);
});

it(`reads or refuses by code ${MUTATIONS} .keras archives with damaged weights and topologies`, async () => {
  const parts = unzipSync(await readFile(sample('preprocessing.keras')));
  const config = JSON.parse(Buffer.from(parts['config.json']!).toString()) as unknown;
  const read = await fuzz((random, i) => {
    const [name, bytes] =
      i % 2 === 0
        ? (['model.weights.h5', damaged(parts['model.weights.h5']!, random)] as const)
        : (['config.json', strToU8(JSON.stringify(changed(config, random)))] as const);
    return ['net.keras', zipSync({ ...parts, [name]: bytes }, { level: 1 })];
  });
  expect(read).toBeGreaterThan(20);
});

it(`reads or refuses by code ${MUTATIONS} damaged archives`, async () => {
  const bytes = await readFile(sample('sequential.keras'));
  await fuzz((random) => ['net.keras', damaged(bytes, random)]);
});

it('unpacks nothing of an archive whose parts say more bytes than they can give', async () => {
  const bomb = zipSync({ 'config.json': new Uint8Array(1 << 20), 'model.weights.h5': new Uint8Array(8) });
  const view = new DataView(bomb.buffer, bomb.byteOffset, bomb.byteLength);
  const central = Buffer.from(bomb).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  view.setUint32(central + 24, 0x3fffffff, true);
  const memory = process.memoryUsage().arrayBuffers;
  expect(await outcome('bomb.keras', bomb)).toBe('MODEL_INVALID');
  expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(1 << 26);
});

it('unpacks nothing of weights that would become far more bytes than weights ever do', async () => {
  const packed = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) >> 3);
  const bomb = zipSync({ 'config.json': strToU8('{}'), 'model.weights.h5': [packed, { level: 0 }] });
  const view = new DataView(bomb.buffer, bomb.byteOffset, bomb.byteLength);
  const entry = Buffer.from(bomb).lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  // Less than a thousand times as much, which deflate could make.
  view.setUint32(entry + 24, 900 << 20, true);
  const memory = process.memoryUsage().arrayBuffers;
  expect(await outcome('dense-bomb.keras', bomb)).toBe('MODEL_INVALID');
  expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(1 << 26);
});

it('says which weights are missing, are left over, or have another shape', async () => {
  const parts = unzipSync(await readFile(sample('sequential.keras')));
  const read = async (edit: (config: string) => string) => {
    const path = join(folder, 'edited.keras');
    const config = edit(Buffer.from(parts['config.json']!).toString());
    await writeFile(path, zipSync({ ...parts, 'config.json': strToU8(config) }));
    return readKeras(path).then(
      () => 'read',
      (error: Error) => error.message,
    );
  };
  expect(await read((config) => config)).toBe('read');
  expect(await read((config) => config.replace('"filters": 6', '"filters": 7'))).toMatch(
    /holds a weight of shape 3x3x2x6 for first\/kernel, which has 3x3x2x7/,
  );
  expect(await read((config) => config.replace('"use_bias": true', '"use_bias": false'))).toMatch(
    /holds 2 weights for layer "first", which has 1/,
  );
  expect(
    await read((config) => config.replace('"class_name": "BatchNormalization"', '"class_name": "Identity"')),
  ).toMatch(/holds 4 weights that belong to no layer: layers\/batch_normalization\/vars\/0/);
});

it('names all layers that it cannot read at once', async () => {
  const parts = unzipSync(await readFile(sample('sequential.keras')));
  const config = Buffer.from(parts['config.json']!)
    .toString()
    .replace('"activation": "relu"', '"activation": "sparsemax"')
    .replace('"class_name": "Dropout"', '"class_name": "MyDropout"');
  await writeFile(join(folder, 'unknown.keras'), zipSync({ ...parts, 'config.json': strToU8(config) }));
  await expect(readKeras(join(folder, 'unknown.keras'))).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(
      /has 2 layers that are not read:\n {2}"first" \(Conv2D\) has the activation sparsemax\n {2}"dropout" \(MyDropout\)/,
    ) as string,
  });
});

it('says what to do with weights alone', async () => {
  await expect(readKeras(sample('sequential.weights.h5'))).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('holds weights without a network') as string,
    hint: expect.stringContaining('architecture') as string,
  });
});

it.each(['größe', 'conv 1', '_conv', 'constructor'])(
  'refuses a layer called "%s", which TensorFlow.js cannot call one, by name',
  async (name) => {
    const parts = unzipSync(await readFile(sample('sequential.keras')));
    const config = Buffer.from(parts['config.json']!).toString().replaceAll('"first"', JSON.stringify(name));
    const path = join(folder, 'names.keras');
    await writeFile(path, zipSync({ ...parts, 'config.json': strToU8(config) }));
    await expect(readKeras(path)).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining(`"${name}" (Conv2D) has a name`) as string,
    });
  },
);

it('refuses a causal convolution, which TensorFlow.js reads and cannot run, by name', async () => {
  const parts = unzipSync(await readFile(sample('sequential.keras')));
  const config = Buffer.from(parts['config.json']!)
    .toString()
    .replace('"padding": "same"', '"padding": "causal"');
  const path = join(folder, 'causal.keras');
  await writeFile(path, zipSync({ ...parts, 'config.json': strToU8(config) }));
  await expect(readKeras(path)).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringContaining('has padding: "causal"') as string,
  });
});
