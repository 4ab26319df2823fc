import { calibrationOptions, definePlugin } from '@tersor/core';
import { z } from 'zod';
import { KmeansQuantizer } from './kmeans-quantizer.js';

export { cluster, sortValues, type SortedValues } from './cluster.js';
export { KmeansQuantizer, type KmeansQuantizerOptions } from './kmeans-quantizer.js';

export default definePlugin({
  name: '@tersor/quantizer-kmeans',
  kind: 'quantizer',
  id: 'kmeans',
  core: '>=0.1.0 <1.0.0',
  description: 'Weight sharing by k-means: 2-256 shared values per layer, exact zeros apart',
  options: z.strictObject({
    granularity: z
      .enum(['tensor', 'channel'])
      .default('tensor')
      .describe('One code book per array or per output channel'),
    iterations: z
      .int()
      .min(1)
      .max(1000)
      .default(50)
      .describe("Most iterations of Lloyd's algorithm; it ends when no centroid moves"),
    calibrate: calibrationOptions,
  }),
  create: (options, { seed }) => new KmeansQuantizer(options, seed),
});
