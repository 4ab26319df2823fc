import * as tf from '@tensorflow/tfjs-core';

/**
 * Makes tfjs's plain JavaScript backend the active one where none is: models are read, refit and read back
 * with tfjs, also for a backend that has no kernels of tfjs.
 */
export async function ensureKernels(): Promise<void> {
  if (tf.engine().backendName) return;
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
