import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // Registers the gradients of operations.
import fc from 'fast-check';
import { registerGradientKernels } from './gradient-kernels.js';

interface Case {
  size: number;
  channels: number;
  out: number;
  kernel: [number, number];
  strides: [number, number];
  pad: 'same' | 'valid';
  depthwise: boolean;
}

const cases = fc
  .record<Case>({
    size: fc.integer({ min: 3, max: 8 }),
    channels: fc.integer({ min: 1, max: 4 }),
    out: fc.integer({ min: 1, max: 3 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom('same', 'valid'),
    depthwise: fc.boolean(),
  })
  .filter(({ kernel, size }) => Math.max(...kernel) <= size);

/** Gradients of a weighted sum of a convolution's output, on the active backend. */
function gradients({ size, channels, out, kernel, strides, pad, depthwise }: Case): Float32Array[] {
  return tf.tidy(() => {
    const x = tf.randomNormal([2, size, size + 1, channels], 0, 1, 'float32', 1) as tf.Tensor4D;
    const filter = tf.randomNormal([...kernel, channels, out], 0, 1, 'float32', 2) as tf.Tensor4D;
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      (depthwise ? tf.depthwiseConv2d : tf.conv2d)(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
    const weighting = tf.randomNormal(convolve(x, filter).shape, 0, 1, 'float32', 3);
    return tf
      .grads((a, b) => tf.sum(tf.mul(convolve(a!, b!), weighting)))([x, filter])
      .map((each) => Float32Array.from(each.dataSync()));
  });
}

describe('gradient kernels of the wasm backend', () => {
  beforeAll(async () => {
    registerGradientKernels();
    await tf.setBackend('cpu');
    await tf.setBackend('wasm');
  });

  it('agree with the cpu backend for every stride, padding and shape', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        await tf.setBackend('cpu');
        const expected = gradients(given);
        await tf.setBackend('wasm');
        gradients(given).forEach((values, which) =>
          values.forEach((value, i) => expect(Math.abs(value - expected[which]![i]!)).toBeLessThan(1e-3)),
        );
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('compute large products in parts', async () => {
    await tf.setBackend('wasm');
    // What 49 positions see of 8 such channels are 18 million values, and a part has at most 17 million: 3
    // channels are one part.
    const image = tf.randomNormal([2, 150, 150, 8], 0, 1, 'float32', 1) as tf.Tensor4D;
    const weighting = tf.randomNormal([2, 150, 150, 1], 0, 1, 'float32', 2);
    const gradientOf = (x: tf.Tensor4D) =>
      tf.tidy(() =>
        tf
          .grad((filter) => tf.sum(tf.mul(tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'), weighting)))(
            tf.zeros([7, 7, x.shape[3], 1]),
          )
          .arraySync(),
      ) as number[][][][];
    const whole = gradientOf(image);
    const few = gradientOf(tf.slice(image, [0, 0, 0, 5], [2, 150, 150, 3]));
    few.forEach((row, i) =>
      row.forEach((position, j) =>
        position.forEach(([value], channel) => expect(whole[i]![j]![channel + 5]![0]).toBeCloseTo(value!, 2)),
      ),
    );
  });

  it('leave no tensors behind and account for their memory', async () => {
    await tf.setBackend('wasm');
    const given: Case = {
      size: 6,
      channels: 3,
      out: 2,
      kernel: [3, 3],
      strides: [2, 2],
      pad: 'same',
      depthwise: false,
    };
    gradients(given);
    const before = tf.memory();
    for (let i = 0; i < 20; i++) {
      gradients(given);
      gradients({ ...given, depthwise: true });
    }
    const after = tf.memory();
    expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([
      before.numTensors,
      before.numDataBuffers,
      before.numBytes,
    ]);
  });
});
