import { TRAINED_KERNEL } from '../gradients/dilated-layer.js';
import { kernelLayer } from './kernel-layer.js';

/** A convolution of sequences. */
export const CONV1D = kernelLayer(
  'Conv1D',
  { rank: 3, inputs: 1, outputs: 2 },
  {
    // The layer's config does not show this after reading, but its kernel does.
    problem: ({ weights }, [input]) =>
      weights.some(({ name, shape }) => name === 'kernel' && shape[1] !== input?.at(-1))
        ? {
            what: 'has its channels first, which TensorFlow.js does not write into a model',
            hint: 'Build the model with data_format "channels_last".',
          }
        : undefined,
    training: TRAINED_KERNEL,
  },
);
