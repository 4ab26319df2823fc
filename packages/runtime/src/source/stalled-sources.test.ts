import '@tensorflow/tfjs-backend-cpu';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { loadModel, type ModelSource } from '../index.js';

const start = golden().bytes.subarray(0, 100);
const server = createServer((_, response) => void response.write(start));

beforeAll(async () => {
  await tf.setBackend('cpu');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function response(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => get({ host: '127.0.0.1', port }, resolve));
}

function passThrough(): PassThrough {
  const stream = new PassThrough();
  stream.write(start);
  return stream;
}

async function* generator(): AsyncGenerator<Uint8Array> {
  yield start;
  await new Promise(() => undefined);
}

/** A web stream that does not answer when it is cancelled either. */
function webStream(): ReadableStream<Uint8Array> {
  const never = () => new Promise<void>(() => undefined);
  return new ReadableStream({ start: (controller) => controller.enqueue(start), pull: never, cancel: never });
}

const ways = [{}, { worker: true }, { cache: true }];
const stalled: [string, () => ModelSource | Promise<ModelSource>][] = [
  ['a response of Node', response],
  ['a stream of Node', passThrough],
  ['an async generator', generator],
  ['a web stream', webStream],
];

describe.each(ways)('a load with %j', (way) => {
  it.each(stalled)('rejects with the reason when %s sends nothing any more', async (_, source) => {
    const stop = new AbortController();
    const onProgress = () => void setTimeout(() => stop.abort(new Error('enough')));
    const loading = loadModel(await source(), { ...way, signal: stop.signal, onProgress });
    await expect(loading).rejects.toThrow('enough');
  });
});

it('destroys a stream of Node that it stops reading, so that its socket is closed', async () => {
  const source = await response();
  const closed = new Promise((resolve) => source.socket.once('close', resolve));
  const stop = new AbortController();
  const loading = loadModel(source, {
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('enough')),
  });
  await expect(loading).rejects.toThrow('enough');
  await closed;
});

it('refuses a damaged file in a worker, though its source sends nothing any more', async () => {
  async function* damaged() {
    yield new Uint8Array(100);
    await new Promise(() => undefined);
  }
  await expect(loadModel(damaged(), { worker: true })).rejects.toThrow('not a .tersor file');
});
