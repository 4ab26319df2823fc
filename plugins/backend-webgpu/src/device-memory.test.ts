import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels } from '@tersor/network';
import { describeWhereAvailable } from '../test/where-available.js';
import { freeBuffers } from './free-buffers.js';
import { createResidentImages } from './resident-images.js';
import { createWebgpuBackend } from './webgpu-backend.js';

const SHAPE = [6, 6, 3];
const SIZE = 108;

const noise = (count: number, seed: number) =>
  Float32Array.from({ length: count * SIZE }, (_, i) => Math.sin(seed + i * 1.7));

async function network() {
  await tf.ready();
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 3] }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
    ],
  });
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  return graph;
}

const allocated = () => tf.memory()['numBytesAllocatedInGPU' as 'numBytes'];

describeWhereAvailable('memory of the device', () => {
  const backend = createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 2 });
  beforeAll(() => backend.activate());
  afterAll(() => backend.dispose());

  it('keeps images that are passed again, for another network too, and gives the same bits', async () => {
    const graph = await network();
    const tensors = backend.memory().tensors;
    const session = await backend.compile(graph);
    const images = noise(5, 1);
    const { bytes } = backend.memory();
    const uploaded = await session.run(images);
    expect(backend.memory().bytes).toBe(bytes);
    expect(await session.run(images)).toEqual(uploaded);
    expect(backend.memory().bytes).toBe(bytes + images.byteLength);
    expect(await session.run(noise(5, 2))).not.toEqual(uploaded);
    session.dispose();
    const another = await backend.compile(graph);
    expect(await another.run(images)).toEqual(uploaded);
    another.dispose();
    expect(backend.memory().tensors).toBe(tensors);
  });

  it('lets the images go that were unused for the longest, where there is no room for more', async () => {
    const { device } = tf.backend() as tf.KernelBackend & { readonly device: GPUDevice };
    const store = createResidentImages(device, 3 * 4 * SIZE);
    const [first, second, third, large] = [noise(1, 1), noise(2, 2), noise(1, 3), noise(4, 4)];
    for (const images of [first, first, second, second, first, third, third, large, large])
      await store.expect(images);
    // The second made room for the third.
    expect(store.bytes).toBe(first.byteLength + third.byteLength);
    for (const images of [first, second, third, large]) {
      const batch = store.batch({ images, start: 0, count: 1, shape: SHAPE });
      expect(await batch.data()).toEqual(images.slice(0, SIZE));
      batch.dispose();
    }
    store.dispose();
    expect(store.bytes).toBe(0);
  });

  it('gives buffers back that no tensor has, and computes on', async () => {
    const kernels = tf.backend();
    freeBuffers(kernels, 0);
    const before = allocated();
    // Each size needs buffers of its own.
    for (const size of [1000, 2000, 3000]) {
      const sum = tf.tidy(() => tf.add(tf.fill([size], 1), tf.fill([size], 2)));
      expect([...(await sum.data()).slice(0, 2)]).toEqual([3, 3]);
      sum.dispose();
    }
    expect(allocated()).toBeGreaterThan(before + 4 * 6000);
    freeBuffers(kernels, 2 ** 20);
    expect(allocated()).toBeGreaterThan(before);
    freeBuffers(kernels, 0);
    expect(allocated()).toBe(before);
    const again = tf.tidy(() => tf.add(tf.fill([3000], 1), tf.fill([3000], 2)));
    expect((await again.data())[2999]).toBe(3);
    again.dispose();
  });
});
