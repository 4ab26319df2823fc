import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { golden } from '../../test/golden.js';
import { decodeArtifact, loadModel } from '../index.js';
import { cacheEntry } from './decoded-cache.js';

/** The Cache API, as far as it is used: Node has none. */
class MemoryCache {
  readonly entries = new Map<string, Uint8Array<ArrayBuffer>>();
  open = async () => this;
  match = async (key: string) => {
    const bytes = this.entries.get(key);
    return bytes && new Response(bytes);
  };
  put = async (key: string, value: Response) =>
    void this.entries.set(key, new Uint8Array(await value.arrayBuffer()));
  delete = async (key: string) => this.entries.delete(key);
  keys = async () => [...this.entries.keys()].map((url) => ({ url }));
}

let store: MemoryCache;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => Reflect.set(globalThis, 'caches', (store = new MemoryCache())));
afterEach(() => Reflect.deleteProperty(globalThis, 'caches'));

it('gives what was decoded, to the last bit', async () => {
  const { bytes } = golden();
  const decoded = await decodeArtifact(bytes);
  await (await cacheEntry(bytes, 'a'))!.write(decoded);
  expect(await (await cacheEntry(bytes, 'a'))!.read()).toEqual(decoded);
});

it('is asked by content: another file at the same address is another entry, and the old one goes', async () => {
  const { bytes } = golden();
  const url = (content: Uint8Array) =>
    `data:application/octet-stream;base64,${Buffer.from(content).toString('base64')}`;
  (await loadModel(url(bytes), { cache: true })).dispose();
  expect(store.entries.size).toBe(1);
  const other = await cacheEntry(bytes.slice(1), url(bytes));
  expect(await other!.read()).toBeUndefined();
  await other!.write(await decodeArtifact(bytes));
  expect(store.entries.size).toBe(1);
});

it('is used: a file that was loaded once is not decoded again', async () => {
  const { bytes, values } = golden();
  (await loadModel(bytes, { cache: true })).dispose();
  const [[key, stored]] = [...store.entries] as [[string, Uint8Array<ArrayBuffer>]];
  const last = new DataView(stored.buffer);
  last.setFloat32(stored.byteLength - 4, 42, true);
  store.entries.set(key, stored);
  const model = await loadModel(bytes, { cache: true });
  const weights = model.weights.map((weight) => [...(weight.read().dataSync() as Float32Array)]);
  model.dispose();
  expect(weights.flat()).toContain(42);
  expect(Object.values(values).flatMap((entry) => entry.values)).not.toContain(42);
});

it.each([
  ['cut', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -4)],
  ['of nothing', () => new Uint8Array(0)],
  ['of something else', () => new Uint8Array(64).fill(9)],
])('decodes again where an entry is %s', async (_, damage) => {
  const { bytes, values } = golden();
  (await loadModel(bytes, { cache: true })).dispose();
  const [[key, stored]] = [...store.entries] as [[string, Uint8Array<ArrayBuffer>]];
  store.entries.set(key, damage(stored));
  const model = await loadModel(bytes, { cache: true });
  expect(Array.from(model.getLayer('first').getWeights()[0]!.dataSync())).toEqual(
    values['first/kernel']!.values,
  );
  model.dispose();
  expect(store.entries.get(key)).toEqual(stored);
});

it('loads in a window whose cache cannot be opened, as a private one, and says when there is no connection', async () => {
  const { bytes } = golden();
  store.open = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'));
  (await loadModel(bytes, { cache: true })).dispose();
  expect(store.entries.size).toBe(0);
  jest.spyOn(globalThis, 'fetch').mockRejectedValueOnce(new TypeError('fetch failed'));
  await expect(loadModel('https://models.invalid/a.tersor', { cache: true })).rejects.toThrow('fetch failed');
});

it('refuses a file over the limit although it is known, and loads where there is no room', async () => {
  const { bytes } = golden();
  (await loadModel(bytes, { cache: true })).dispose();
  await expect(loadModel(bytes, { cache: true, maxWeights: 10 })).rejects.toThrow('the limit is 10');
  store.entries.clear();
  store.put = () => Promise.reject(new Error('QuotaExceededError'));
  (await loadModel(bytes, { cache: true })).dispose();
});

it('gives what the address gave last where there is no connection, and says so where that is nothing', async () => {
  const { bytes, values } = golden();
  const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(bytes));
  const address = 'https://example.invalid/model.tersor';
  (await loadModel(address, { cache: true })).dispose();
  fetched.mockRejectedValue(new TypeError('fetch failed'));
  const model = await loadModel(new URL(address), { cache: true });
  expect(Array.from(model.getLayer('first').getWeights()[0]!.dataSync())).toEqual(
    values['first/kernel']!.values,
  );
  model.dispose();
  for (const [other, options] of [
    ['https://example.invalid/other.tersor', { cache: true }],
    [address, { cache: true, maxWeights: 10 }],
    [address, {}],
  ] as const)
    await expect(loadModel(other, options)).rejects.toThrow('fetch failed');
  fetched.mockImplementation(async () => new Response('gone', { status: 404 }));
  await expect(loadModel(address, { cache: true })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  fetched.mockRestore();
});
