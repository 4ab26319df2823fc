import fc from 'fast-check';
import { computedOutputs, efficientChannels, withOutputs } from './convolution-blocks.js';

describe('efficientChannels', () => {
  it.each([
    ['bfloat16', 360, 384],
    ['bfloat16', 176, 192],
    ['float32', 368, 384],
    ['float32', 272, 288],
    ['float32', 336, 336],
    ['bfloat16', 45, 45],
    ['bfloat16', 512, 512],
    // 192 channels are computed for 181 in any case: oneDNN fills its last block up.
    ['bfloat16', 181, 181],
  ] as const)('in %s for %i is %i', (precision, channels, expected) =>
    expect(efficientChannels(channels, precision)).toBe(expected),
  );

  it('is never less than asked for, nor more than four blocks above it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2048 }),
        fc.constantFrom('float32' as const, 'bfloat16' as const),
        (channels, precision) => {
          const computed = efficientChannels(channels, precision);
          expect(computed).toBeGreaterThanOrEqual(channels);
          expect(computed).toBeLessThan(channels + 4 * 16);
        },
      ),
    );
  });
});

it('computedOutputs leaves 1x1 kernels alone but for the numbers that end the process', () => {
  expect(
    [
      [1, 1, 256, 360],
      [1, 1, 1024, 1024],
      [1, 1, 512, 1024],
      [3, 3, 512, 1024],
    ].map((shape) => computedOutputs(shape, 'bfloat16')),
  ).toEqual([360, 1024, 1040, 1024]);
});

it('withOutputs keeps the weights in their places and fills up with zeros', () => {
  const padded = withOutputs({ shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) }, 3);
  expect(padded).toEqual({ shape: [1, 1, 2, 3], data: Float32Array.of(1, 2, 0, 3, 4, 0) });
});
