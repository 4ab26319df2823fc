import { decodeTensor, type QuantizerInput } from '@tersor/core';
import { describeContract, quantizerContract } from '@tersor/testing';
import { LinearQuantizer, type LinearQuantizerOptions } from './linear-quantizer.js';

const DEFAULTS: LinearQuantizerOptions = { scheme: 'symmetric', granularity: 'channel', scale: 'mse' };

describeContract(
  'linear, symmetric per channel, mse',
  quantizerContract(() => new LinearQuantizer(DEFAULTS)),
);
describeContract(
  'linear, symmetric per tensor, max',
  quantizerContract(() => new LinearQuantizer({ ...DEFAULTS, granularity: 'tensor', scale: 'max' })),
);
describeContract(
  'linear, asymmetric per channel, mse',
  quantizerContract(() => new LinearQuantizer({ ...DEFAULTS, scheme: 'asymmetric' })),
);
describeContract(
  'linear, asymmetric per tensor, max',
  quantizerContract(() => new LinearQuantizer({ scheme: 'asymmetric', granularity: 'tensor', scale: 'max' })),
);

const calibrate = { images: 10, points: 5, maximumInputs: 100 };
describeContract(
  'linear, calibrated, symmetric per channel',
  quantizerContract(() => new LinearQuantizer({ ...DEFAULTS, calibrate })),
);
describeContract(
  'linear, calibrated, asymmetric per tensor',
  quantizerContract(
    () => new LinearQuantizer({ scheme: 'asymmetric', granularity: 'tensor', scale: 'max', calibrate }),
  ),
);

const kernel = (values: number[], channels = 1): QuantizerInput => ({
  name: 'dense/kernel',
  shape: [values.length / channels, channels],
  data: Float32Array.from(values),
  channelAxis: 1,
});
const decoded = (options: Partial<LinearQuantizerOptions>, input: QuantizerInput, bits: number) => [
  ...decodeTensor(new LinearQuantizer({ ...DEFAULTS, ...options }).encode(input, bits)),
];

it('gives sign times mean magnitude at 1 bit', () => {
  expect(decoded({}, kernel([1, -3, 2, -2]), 1)).toEqual([2, -2, 2, -2]);
});

it('is ternary at 2 bits', () => {
  expect(decoded({ scale: 'max' }, kernel([4, -4, 1, -1.5, 2.5]), 2)).toEqual([4, -4, 0, 0, 4]);
});

it('has a scale for each output channel, along the axis given', () => {
  const input = kernel([1, 10, -0.4, 6], 2);
  expect(decoded({ scale: 'max' }, input, 3)).toEqual(
    [1, 10, -0.4, 6].map(
      (value, i) => Math.round(value / (i % 2 ? 10 / 3 : 1 / 3)) * (i % 2 ? 3.333984375 : 0.333251953125),
    ),
  );
});

it('uses the whole range of one-sided weights when asymmetric', () => {
  const input = kernel([0, 1, 2, 3]);
  expect(decoded({ scheme: 'asymmetric', scale: 'max' }, input, 2)).toEqual([0, 1, 2, 3]);
});

describe('clipping', () => {
  const values = Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898) * 0.1);
  values[100] = 3;
  const input = kernel(values);
  const error = (scale: 'max' | 'mse' | 'kl', bits: number) => {
    const found = decoded({ scale }, input, bits);
    return values.reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0);
  };

  it.each([2, 3, 4])('by mse loses no more than none at all at %i bits', (bits) => {
    expect(error('mse', bits)).toBeLessThanOrEqual(error('max', bits));
  });

  it('by kl cuts an outlier off', () => {
    const encoded = new LinearQuantizer({ ...DEFAULTS, scale: 'kl' }).encode(input, 4);
    expect(encoded.scale[0]! * 7).toBeLessThan(1);
    expect(encoded.scale[0]! * 7).toBeGreaterThan(0.09);
  });
});

it('keeps max scales through refinement and moves mse scales to the least-squares fit', () => {
  const input = kernel([1, -3, 2, -2, 0.2, 0.9]);
  const drifted = { ...input, data: input.data.map((value) => value * 1.05) };
  const max = new LinearQuantizer({ ...DEFAULTS, scale: 'max' });
  expect(max.refine(drifted, max.encode(input, 4)).scale).toEqual(max.encode(input, 4).scale);
  const mse = new LinearQuantizer(DEFAULTS);
  const refined = mse.refine(drifted, mse.encode(input, 4));
  const q = [...refined.codes].map((code) => code - 7);
  const fit =
    q.reduce((sum, level, i) => sum + level * drifted.data[i]!, 0) /
    q.reduce((sum, level) => sum + level * level, 0);
  expect(refined.scale[0]).toBeCloseTo(fit, 3);
});
