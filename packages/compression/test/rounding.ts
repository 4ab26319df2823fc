import type { Quantizer } from '@tersor/core';

/** Rounds to even steps between -max and max: a real quantizer, only simpler than the plugins. */
export const rounding: Quantizer = {
  id: 'rounding',
  bits: [2, 8],
  encode: ({ shape, data }, bits) => {
    const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6);
    const steps = 2 ** (bits - 1) - 1;
    const scale = Math.fround(largest / steps);
    const codes = Uint8Array.from(data, (value) => Math.round(value / scale) + steps);
    return {
      codec: 'linear',
      shape,
      bits,
      axis: -1,
      codes,
      scale: Float32Array.of(scale),
      zero: Float32Array.of(steps),
    };
  },
};
