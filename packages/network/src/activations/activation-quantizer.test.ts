import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '@tersor/core';
import { ActivationQuantizer } from './activation-quantizer.js';
import { fakeQuantize } from './activation-range.js';

const rounded = (values: readonly number[], config: { bits: number; least: number; most: number }) =>
  tf.tidy(() => [
    ...((
      new ActivationQuantizer(config).apply(tf.tensor1d([...values])) as tf.Tensor
    ).dataSync() as Float32Array),
  ]);

describe('ActivationQuantizer', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('rounds to 2^bits levels, halves up, zero exactly, the ends clamped', () => {
    expect(rounded([-1, 0, 0.4, 0.5, 1.6, 2.5, 9], { bits: 2, least: 0, most: 3 })).toEqual([
      0, 0, 0, 1, 2, 3, 3,
    ]);
    // A step of 0.5 and zero at level 2 of 0..7: -1 to 2.5.
    expect(rounded([-3, -0.8, -0.2, 0, 0.3, 7], { bits: 3, least: -1, most: 2.5 })).toEqual([
      -1, -1, 0, 0, 0.5, 2.5,
    ]);
  });

  it('gives zeros where the range is empty', () => {
    expect(rounded([0, 1, -2], { bits: 4, least: 0, most: 0 })).toEqual([0, 0, 0]);
  });

  it('rounds as fakeQuantize does, at every width', () => {
    const random = createRandom(1);
    const values = Float32Array.from({ length: 500 }, () => random.normal());
    for (let bits = 2; bits <= 8; bits++) {
      const range = { least: -random.uniform() * 2, most: random.uniform() * 2 };
      const expected = fakeQuantize(values, range, bits);
      const step = (range.most - range.least) / (2 ** bits - 1);
      // A value that lies between two levels up to float32's precision may go either way; none of these does.
      rounded([...values], { bits, ...range }).forEach((value, i) =>
        expect(Math.abs(value - expected[i]!)).toBeLessThan(step * 1e-4),
      );
    }
  });

  it('passes gradients on within its range and none outside (straight-through)', () => {
    const layer = new ActivationQuantizer({ bits: 2, least: 0, most: 3 });
    const gradient = tf.tidy(() => [
      ...tf
        .grad((x) => tf.mul(layer.apply(x) as tf.Tensor, 5))(tf.tensor1d([-0.1, 0, 0.4, 3, 3.1]))
        .dataSync(),
    ]);
    expect(gradient).toEqual([0, 5, 5, 5, 0]);
  });

  it('is built again from its config', () => {
    const config = new ActivationQuantizer({ name: 'rounding', bits: 3, least: -1, most: 2.5 }).getConfig();
    expect(config).toMatchObject({ name: 'rounding', bits: 3, least: -1, most: 2.5 });
  });
});
