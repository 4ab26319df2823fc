import * as tf from '@tensorflow/tfjs-core';
import {
  compileFused,
  compileGradients,
  correctBatchNorm,
  crossProductsOfTensors,
  observeLayers,
} from '@tersor/network';
import { TersorError, type Backend } from '@tersor/core';

/**
 * tfjs's plain JavaScript backend. It runs everywhere and some 25 times slower than wasm: the reference that
 * others are tested against.
 */
export function createCpuBackend(): Backend {
  const sessions = new Set<{ dispose(): void }>();
  const track = <T extends { dispose(): void }>(session: T): T => {
    sessions.add(session);
    return session;
  };
  const activate = async () => {
    // Only now: whoever lists plugins has this module.
    await import('@tensorflow/tfjs-backend-cpu');
    correctBatchNorm('cpu');
    if (tf.engine().backendName !== 'cpu') await tf.setBackend('cpu');
  };
  return {
    id: 'cpu',
    capabilities: { training: true, precisions: ['float32'], workers: 1 },
    isAvailable: async () => ({ available: true, details: { tfjs: tf.version_core } }),
    activate,
    compile: async (graph, { precision = 'float32' } = {}) => {
      if (precision !== 'float32')
        throw new TersorError(
          'PRECISION_UNSUPPORTED',
          `The cpu backend computes in float32, not ${precision}.`,
        );
      await activate();
      return track(await compileFused(graph));
    },
    observe: async (graph, calls) => track(await observeLayers(graph, calls, { activate })),
    crossProducts: crossProductsOfTensors(activate),
    compileTraining: async (graph, objective) => {
      await activate();
      return track(await compileGradients(graph, objective));
    },
    memory: () => {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, bytes: numBytes };
    },
    dispose: async () => {
      sessions.forEach((session) => session.dispose());
      sessions.clear();
    },
  };
}
