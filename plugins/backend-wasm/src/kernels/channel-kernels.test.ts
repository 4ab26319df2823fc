import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerChannelKernels } from './channel-kernels.js';

const rows = (x: tf.Tensor, count?: number) =>
  tf.slice(tf.reshape(x, [-1, 7]), [0, 0], [count ?? x.size / 7, 7]);

const OPERATIONS: Record<string, (x: tf.Tensor, value: tf.Tensor) => tf.Tensor> = {
  'a product with one value per channel': (x, value) => tf.mul(x, value),
  'a product the other way round': (x, value) => tf.mul(value, x),
  'a sum with one value per channel': (x, value) => tf.add(x, value),
  'a difference': (x, value) => tf.sub(x, value),
  'a difference the other way round': (x, value) => tf.sub(value, x),
  'a sum over all but the channels': (x) => tf.sum(x, [0, 1, 2]),
  'a sum that keeps dimensions': (x) => tf.sum(x, [0, 1, 2], true),
  'a mean over rows': (x) => tf.mean(rows(x), 0),
  'a sum over a prime count of rows': (x) => tf.sum(rows(x, 1009), 0),
  'a sum over other axes': (x) => tf.sum(x, [1, 2]),
  moments: (x) => tf.moments(rows(x), 0).variance,
};

describe('channel kernels of the wasm backend', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    registerChannelKernels();
    registerChannelKernels();
  });

  test.each(Object.entries(OPERATIONS))(
    '%s is what the cpu backend gives, and leaves nothing behind',
    async (_name, operation) => {
      const run = async (backend: string) => {
        await tf.setBackend(backend);
        const before = tf.memory().numTensors;
        const [shape, values] = tf.tidy(() => {
          const x = tf.randomNormal([4, 17, 16, 7], 1, 1, 'float32', 5);
          const result = operation(x, tf.randomNormal([7], 0, 1, 'float32', 6));
          return [result.shape, Array.from(result.dataSync())] as never;
        }) as unknown as [number[], number[]];
        expect(tf.memory().numTensors).toBe(before);
        return { shape, values };
      };
      const expected = await run('cpu');
      const actual = await run('wasm');
      expect(actual.shape).toEqual(expected.shape);
      actual.values.forEach((value, i) =>
        expect(Math.abs(value - expected.values[i]!)).toBeLessThan(
          2e-6 * (1 + Math.abs(expected.values[i]!)),
        ),
      );
    },
  );
});
