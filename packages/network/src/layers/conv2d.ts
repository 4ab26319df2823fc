import { TRAINED_KERNEL } from '../gradients/dilated-layer.js';
import { kernelLayer } from './kernel-layer.js';
import { planBias, planWeight, withActivation } from './operations.js';
import { kernelWindow } from './window.js';

/** A convolution of images. */
export const CONV2D = kernelLayer(
  'Conv2D',
  { rank: 4, inputs: 2, outputs: 3 },
  {
    operations: ({ layer }) => {
      const window = kernelWindow(layer, 'kernel');
      const kernel = planWeight(layer, 'kernel');
      if (!window || !kernel) return undefined;
      const { padding, strides, dilation } = window;
      return withActivation(
        { kind: 'convolution', kernel, ...planBias(layer), padding, strides, dilation },
        layer,
      );
    },
    window: (layer) => kernelWindow(layer, 'kernel'),
    refit: 'kernel',
    kernels: [{ weight: 'kernel', how: 'mixes' }],
    noise: true,
    training: TRAINED_KERNEL,
  },
);
