import { kernelLayer, withChannelCount } from './kernel-layer.js';
import { planBias, planWeight, withActivation } from './operations.js';

/** A matrix product with the channels of every position. */
export const DENSE = kernelLayer(
  'Dense',
  { rank: 2, inputs: 0, outputs: 1 },
  {
    resized: withChannelCount('units'),
    operations: ({ layer, inputShapes }) => {
      const kernel = planWeight(layer, 'kernel');
      if (!kernel || inputShapes[0]?.length !== 1) return undefined;
      return withActivation({ kind: 'dense', kernel, ...planBias(layer) }, layer);
    },
    refit: 'kernel',
    kernels: [{ weight: 'kernel', how: 'mixes' }],
    noise: true,
    multipliesMatrix: true,
  },
);
