import * as tf from '@tensorflow/tfjs-core';

/**
 * Activates tfjs's plain JavaScript backend if none is active. Models are read, refit and read back with
 * tfjs, even for a backend without tfjs kernels.
 */
export async function ensureKernels(): Promise<void> {
  if (tf.engine().backendName) return;
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
