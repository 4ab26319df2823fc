import '@tensorflow/tfjs-backend-cpu';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { loadModel, ModelLoadError, type LoadProgress, type ModelSource } from '../index.js';

const { bytes, values } = golden();
let folder: string;
let server: Server;
let address: string;

beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'tersor-sources-'));
  writeFileSync(join(folder, 'model.tersor'), bytes);
  server = createServer(({ url }, response) => {
    if (url === '/model.tersor') response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else if (url === '/stalls') response.write(bytes.subarray(0, 100));
    else response.writeHead(404).end('gone');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A web stream of one chunk, whatever it is. */
const streamOf = (chunk: unknown) =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(chunk);
      controller.close();
    },
  });

/** A value of the model that the golden file holds, so that a test sees that the right bytes were read. */
async function kernelFrom(source: ModelSource): Promise<number[]> {
  const model = await loadModel(source);
  const kernel = [...(model.getLayer('first').getWeights()[0]!.dataSync() as Float32Array)];
  model.dispose();
  return kernel;
}

/** The file in the middle of a larger buffer. */
function viewed(): DataView {
  const all = new Uint8Array(bytes.length + 20);
  all.set(bytes, 10);
  return new DataView(all.buffer, 10, bytes.length);
}

const sources: [string, () => ModelSource][] = [
  ['an address', () => `${address}/model.tersor`],
  ['a URL', () => new URL(`${address}/model.tersor`)],
  ['a path', () => join(folder, 'model.tersor')],
  ['the URL of a file', () => pathToFileURL(join(folder, 'model.tersor'))],
  ['that URL as a string', () => pathToFileURL(join(folder, 'model.tersor')).href],
  ['a Blob', () => new Blob([bytes])],
  ['an ArrayBuffer', () => bytes.buffer.slice(0)],
  ['a Uint8Array', () => bytes],
  ['a DataView of a part of a buffer', () => viewed() as never],
  ['a response', () => new Response(bytes)],
  ['a web stream of ArrayBuffers', () => streamOf(bytes.buffer.slice(0))],
  ['a stream of the web', () => new Blob([bytes]).stream()],
  ['a stream of Node', () => createReadStream(join(folder, 'model.tersor'), { highWaterMark: 50 })],
];

it.each(sources)('loads from %s', async (_, source) => {
  expect(await kernelFrom(source())).toEqual(values['first/kernel']!.values);
});

describe('where the platform has no streams, DecompressionStream and TextDecoder, as React Native', () => {
  const lacking = ['DecompressionStream', 'ReadableStream', 'TextDecoder', 'MessageChannel'] as const;
  const kept = lacking.map((name) => [name, globalThis[name]] as const);
  beforeEach(() => lacking.forEach((name) => Reflect.set(globalThis, name, undefined)));
  afterEach(() => kept.forEach(([name, value]) => Reflect.set(globalThis, name, value)));

  const whole = (body: object) =>
    ({ ok: true, status: 200, url: '', headers: new Headers(), ...body }) as Response;
  it.each([
    ['bytes', () => bytes],
    ['a response without a body', () => whole({ arrayBuffer: async () => bytes.buffer.slice(0) })],
  ])('loads from %s', async (_, source) => {
    expect(await kernelFrom(source())).toEqual(values['first/kernel']!.values);
  });

  it('decodes on its own thread where a worker is asked for', async () => {
    (await loadModel(bytes, { worker: true })).dispose();
  });

  it('stops when asked by a signal that has no reason', async () => {
    const signal = { aborted: true } as AbortSignal;
    await expect(loadModel(bytes, { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('refuses what is damaged', async () => {
    const damaged = golden().bytes;
    damaged[40]! ^= 1;
    await expect(loadModel(damaged)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

it('tells how many bytes have arrived, of how many', async () => {
  const told: LoadProgress[] = [];
  (await loadModel(`${address}/model.tersor`, { onProgress: (progress) => told.push(progress) })).dispose();
  expect(told.at(-1)).toEqual({ loaded: bytes.length, total: bytes.length });
});

it.each([
  ['a DataView', () => viewed() as never, bytes.length],
  ['a stream of ArrayBuffers', () => streamOf(bytes.buffer.slice(0)), undefined],
])('counts the bytes of %s', async (_, source, total) => {
  const told: LoadProgress[] = [];
  (await loadModel(source(), { onProgress: (progress) => told.push(progress) })).dispose();
  expect(told).toEqual([{ loaded: bytes.length, total }]);
});

it.each([false, true])(
  'stops when asked, though no byte arrives any more, and leaves no tensor (worker: %s)',
  async (worker) => {
    const before = tf.memory().numTensors;
    const stop = new AbortController();
    let loading!: Promise<unknown>;
    await new Promise<void>((onProgress) => {
      loading = loadModel(`${address}/stalls`, {
        signal: stop.signal,
        worker,
        onProgress: () => onProgress(),
      });
    });
    stop.abort(new Error('enough'));
    await expect(loading).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  },
);

it('does not begin where the signal is aborted already', async () => {
  await expect(loadModel(bytes, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
    'too late',
  );
});

it.each([
  [
    'an address with nothing there',
    () => `${address}/nothing`,
    'MODEL_NOT_FOUND',
    /nothing gives status 404/,
  ],
  ['a path with nothing there', () => join(folder, 'nothing.tersor'), 'MODEL_NOT_FOUND', /nothing\.tersor/],
  ['a number', () => 7 as never, 'MODEL_UNSUPPORTED', /type number/],
  ['nothing', () => undefined as never, 'MODEL_UNSUPPORTED', /undefined/],
])('says what is wrong with %s', async (_, source, code, message) => {
  const error: unknown = await loadModel(source()).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ModelLoadError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

async function readResponse(): Promise<Response> {
  const response = new Response(bytes);
  await response.arrayBuffer();
  return response;
}
function lockedResponse(): Response {
  const response = new Response(bytes);
  response.body!.getReader();
  return response;
}
function lockedStream(): ReadableStream {
  const stream = streamOf(bytes);
  stream.getReader();
  return stream;
}

const text = () => createReadStream(join(folder, 'model.tersor'), 'utf8');
const unreadable: [string, () => ModelSource | Promise<ModelSource>, RegExp, RegExp][] = [
  ['a stream of Node with an encoding', text, /a value of type string/, /without an encoding/],
  ['a web stream of strings', () => streamOf('bytes'), /a value of type string/, /stream of bytes/],
  ['a response that was read', readResponse, /read already/, /clone\(\)/],
  ['a response that is being read', lockedResponse, /read already/, /clone\(\)/],
  ['a web stream that is being read', lockedStream, /read already/, /before it is read/],
];

describe.each([{}, { worker: true }, { cache: true }])('with %j', (way) => {
  it.each(unreadable)('refuses %s, and says what to give instead', async (_, source, message, hint) => {
    const error: unknown = await loadModel(await source(), way).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ModelLoadError);
    expect(error).toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

it.each(['file:models/model.tersor', 'FILE:../model.tersor'])(
  'says that %s needs an absolute path, and what to give instead',
  async (address) => {
    await expect(loadModel(address)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: `${address} is no absolute path, which a file URL needs.`,
      hint: 'Give the path without file:.',
    });
  },
);

it('takes a file URL with one slash', async () => {
  expect(await kernelFrom(`file:${join(folder, 'model.tersor')}`)).toEqual(values['first/kernel']!.values);
});
