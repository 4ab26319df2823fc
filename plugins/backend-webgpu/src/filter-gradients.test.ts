import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describeWhereAvailable } from '../test/where-available.js';
import { createWebgpuBackend } from './webgpu-backend.js';

const values = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((size, side) => size * side) }, (_, i) =>
      Math.sin(seed + i * i),
    ),
    shape,
  );

describeWhereAvailable('gradients of filters', () => {
  const backend = createWebgpuBackend({ powerPreference: 'high-performance' });
  afterAll(() => backend.dispose());

  it.each([
    ['3x3 with stride 2', 'same', 2, [3, 3, 5, 6]],
    ['1x1', 'same', 1, [1, 1, 5, 40]],
    ['2x3 depthwise', 'valid', 1, [2, 3, 5, 1]],
    ['3x3 depthwise with stride 2', 'same', 2, [3, 3, 5, 1]],
  ] as const)(
    '%s are those of plain JavaScript, twice the same, and leave no tensors',
    async (_, pad, stride, shape) => {
      const isDepthwise = shape[3] < 5;
      const gradient = () => {
        const x = values([3, 9, 8, 5], 1);
        const filter = values([...shape], 2);
        const convolve = isDepthwise ? tf.depthwiseConv2d : tf.conv2d;
        // The sum of squares: its gradient differs from place to place.
        const result = tf.tidy(() =>
          tf.grad((kernel) => tf.sum(tf.square(convolve(x, kernel as tf.Tensor4D, stride, pad))))(filter),
        );
        tf.dispose([x, filter]);
        return result;
      };
      const read = async () => {
        const result = gradient();
        const data = await result.data();
        result.dispose();
        return data;
      };
      await tf.setBackend('cpu');
      const expected = await read();
      await backend.activate();
      const before = tf.memory().numTensors;
      const found = await read();
      const largest = Math.max(...expected.map(Math.abs));
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!) / largest).toBeLessThan(1e-5));
      expect(await read()).toEqual(found);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
