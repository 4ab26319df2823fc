import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { TersorError, type Availability, type Backend } from '@tersor/core';
import { compileFused, compileGradients } from '@tersor/compression';
import { registerGradientKernels } from './gradient-kernels.js';

/** Images per pass of a session: small enough that a layer's activations stay in the processor's cache. */
const BATCH_SIZE = 25;

/** tfjs's WebAssembly backend, with the kernels that training needs. */
export function createWasmBackend(): Backend {
  let sessions: { dispose(): void }[] = [];
  const activate = async (): Promise<void> => {
    if (tf.engine().backendName === 'wasm') return;
    setWasmPaths(`${dirname(createRequire(__filename).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
    if (!(await tf.setBackend('wasm'))) {
      throw new TersorError('BACKEND_UNAVAILABLE', 'The wasm backend cannot start here.', { hint: 'tersor doctor says why.' });
    }
    registerGradientKernels();
  };
  const track = <T extends { dispose(): void }>(session: T): T => {
    sessions.push(session);
    return session;
  };
  return {
    id: 'wasm',
    capabilities: { training: true, precisions: ['float32'], workers: 1 },
    isAvailable: async (): Promise<Availability> => {
      if (!('WebAssembly' in globalThis)) return { available: false, reason: 'This JavaScript engine has no WebAssembly.', install: 'Use Node 20 or 22.' };
      return { available: true, details: { simd: String(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) } };
    },
    activate,
    compile: async (graph, { precision = 'float32' } = {}) => {
      if (precision !== 'float32') throw new TersorError('PRECISION_UNSUPPORTED', `The wasm backend computes in float32, not ${precision}.`);
      await activate();
      return track(await compileFused(graph, { batchSize: BATCH_SIZE }));
    },
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
      sessions = [];
    },
  };
}
