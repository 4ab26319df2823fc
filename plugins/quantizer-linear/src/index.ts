import { calibrationOptions, definePlugin } from '@tersor/core';
import { z } from 'zod';
import { LinearQuantizer } from './linear-quantizer.js';

export { LinearQuantizer, type LinearQuantizerOptions } from './linear-quantizer.js';
export { symmetricThreshold, type ScaleRule } from './scale-search.js';

export default definePlugin({
  name: '@tersor/quantizer-linear',
  kind: 'quantizer',
  id: 'linear',
  core: '>=0.1.0 <1.0.0',
  description: 'Uniform quantization to 1-8 bits: scales per channel or per tensor, zero stays exactly zero',
  options: z.strictObject({
    scheme: z
      .enum(['symmetric', 'asymmetric'])
      .default('symmetric')
      .describe('Levels around zero, or between least and largest value'),
    granularity: z
      .enum(['tensor', 'channel'])
      .default('channel')
      .describe('One scale per array or per output channel'),
    scale: z
      .enum(['max', 'mse', 'kl'])
      .default('mse')
      .describe('Clip nothing, by least squared error, or by least information lost'),
    calibrate: calibrationOptions,
  }),
  create: (options) => new LinearQuantizer(options),
});
