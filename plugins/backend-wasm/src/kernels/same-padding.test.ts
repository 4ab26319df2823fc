import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { registerSamePadding } from './same-padding.js';

interface Case {
  readonly size: [number, number];
  readonly filter: [number, number];
  readonly strides: [number, number];
  readonly operation: 'conv2d' | 'depthwiseConv2d';
  readonly isFused: boolean;
}

const pair = (maximum: number, minimum = 1) =>
  fc.tuple(fc.integer({ min: minimum, max: maximum }), fc.integer({ min: minimum, max: maximum }));
const cases: fc.Arbitrary<Case> = fc.record({
  size: pair(17, 3),
  filter: pair(4),
  strides: pair(5),
  operation: fc.constantFrom('conv2d', 'depthwiseConv2d'),
  isFused: fc.boolean(),
});

async function run(
  backend: string,
  { size, filter, strides, operation, isFused }: Case,
): Promise<{ shape: number[]; values: Float32Array }> {
  await tf.setBackend(backend);
  const output = tf.tidy(() => {
    const x = tf.randomNormal([2, ...size, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
    const kernel = tf.randomNormal(
      [...filter, 3, operation === 'conv2d' ? 4 : 1],
      0,
      1,
      'float32',
      2,
    ) as tf.Tensor4D;
    if (isFused) return tf.fused[operation]({ x, filter: kernel, strides, pad: 'same', activation: 'relu' });
    return tf[operation](x, kernel, strides, 'same');
  });
  const values = (await output.data()) as Float32Array;
  output.dispose();
  return { shape: output.shape, values };
}

describe('same padding of the wasm backend', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    registerSamePadding();
    registerSamePadding();
  });

  test('convolutions of any size, window and stride give what the cpu backend gives', () =>
    fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const [expected, actual] = [await run('cpu', one), await run('wasm', one)];
        expect(actual.shape).toEqual(expected.shape);
        actual.values.forEach((value, i) => expect(Math.abs(value - expected.values[i]!)).toBeLessThan(1e-4));
      }),
      {
        numRuns: 100,
        examples: [
          [{ size: [32, 32], filter: [3, 3], strides: [4, 4], operation: 'conv2d', isFused: false }],
        ],
      },
    ));

  test('a depthwise convolution without dilations, as the layer of tfjs-layers calls it, gives what the cpu backend gives', async () => {
    const values: Float32Array[] = [];
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      const layer = tfl.layers.depthwiseConv2d({
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        depthMultiplier: 2,
        depthwiseInitializer: 'ones',
      });
      const x = tf.randomNormal([2, 7, 6, 3], 0, 1, 'float32', 1);
      const output = layer.apply(x) as tf.Tensor;
      values.push((await output.data()) as Float32Array);
      tf.dispose([x, output]);
      layer.dispose();
    }
    values[1]!.forEach((value, i) => expect(value).toBeCloseTo(values[0]![i]!, 4));
  });
});
