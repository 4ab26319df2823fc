import { createRandom } from '@tersor/core';
import type { KernelReader } from '@tersor/network';
import type { LayerInputs } from './refit/input-moments.js';
import { sliceNorms } from './slice-scores.js';

const [TAPS, CHANNELS, OUTPUTS] = [2, 3, 2];
const SLICES = CHANNELS * OUTPUTS;

function layerInputs(): LayerInputs {
  const random = createRandom(4);
  const data = Float32Array.from({ length: TAPS * SLICES }, () => random.normal());
  const weights = [{ name: 'kernel', shape: [TAPS, 1, CHANNELS, OUTPUTS], data, trainable: true }];
  const reader = {
    layer: { name: 'a', className: 'Conv2D', config: {}, weights },
    kernels: [{ weight: 'kernel', how: 'mixes' }],
    taps: TAPS,
    channels: CHANNELS,
    groups: 1,
    calls: [1],
  } satisfies KernelReader;
  const mean = Float64Array.of(1, 2, 3, 3, 4, 5);
  return { reader, mean, originalMean: mean };
}

const inputs = layerInputs();
const kernel = inputs.reader.layer.weights[0]!.data;

test('a norm is over the kernel positions of a slice; means are those of the channels', () => {
  const { slices, inputMeans } = sliceNorms(inputs);
  expect(slices[3]).toBeCloseTo(Math.hypot(kernel[3]!, kernel[SLICES + 3]!), 9);
  expect([...inputMeans]).toEqual([2, 3, 4]);
});
