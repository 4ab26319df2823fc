import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels } from '@tersor/network';
import { describeWhereAvailable } from '../test/where-available.js';
import { createWebgpuBackend } from './webgpu-backend.js';

const { layers } = tfl;
const options = { powerPreference: 'high-performance', batchSize: 4 } as const;

it('says why there is no adapter, and what to do, where none has the wanted name', async () => {
  const availability = await createWebgpuBackend({ ...options, adapter: 'no such adapter' }).isAvailable();
  expect(availability).toMatchObject({
    available: false,
    reason: expect.stringMatching(/adapter/),
    install: expect.stringMatching(/driver/),
  });
  await expect(
    createWebgpuBackend({ ...options, adapter: 'no such adapter' }).activate(),
  ).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

it('refuses precisions other than float32', async () => {
  const graph = { name: 'empty', layers: [], calls: [], inputs: [], outputs: [] };
  await expect(createWebgpuBackend(options).compile(graph, { precision: 'bfloat16' })).rejects.toMatchObject({
    code: 'PRECISION_UNSUPPORTED',
  });
});

describeWhereAvailable('on an adapter', () => {
  const backend = createWebgpuBackend(options);
  afterAll(() => backend.dispose());

  it('names it, gives what the stock model predicts, and leaves no global behind', async () => {
    const availability = await backend.isAvailable();
    expect(availability).toMatchObject({
      available: true,
      details: { source: 'Dawn in Node', adapter: expect.stringMatching(/\S/) },
    });
    expect(availability.available && availability.details['maxBufferSize']).toBeGreaterThan(2 ** 20);

    await tf.setBackend('cpu');
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [6, 6, 3] }),
        layers.flatten(),
        layers.dense({ units: 3 }),
      ],
    });
    const graph = initializeKernels(await graphFromModel(model), 1);
    const images = Float32Array.from({ length: 5 * 108 }, (_, i) => Math.sin(i * 1.7));
    const kernels = graph.layers.flatMap((layer) =>
      layer.weights.map(({ data, shape }) => tf.tensor(data, [...shape])),
    );
    model.setWeights(kernels);
    const expected = await (model.predict(tf.tensor(images, [5, 6, 6, 3])) as tf.Tensor).data();
    const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

    await backend.activate();
    expect(tf.getBackend()).toBe('webgpu');
    expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(navigator);
    const session = await backend.compile(graph);
    const result = await session.run(images);
    result.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    session.dispose();
  });
});
