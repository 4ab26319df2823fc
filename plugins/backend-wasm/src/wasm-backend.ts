import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { TersorError, type Availability, type Backend, type TrainingSession } from '@tersor/core';
import { compileFused, compileGradients, crossProductsOfTensors, observeLayers } from '@tersor/network';
import { activateWasm } from './activate-wasm.js';
import { requireRightGradients, requireRightKernels } from './kernels/missing-kernels.js';
import {
  averageShards,
  compileParallel,
  compileTrainingParallel,
  observeParallel,
} from './workers/parallel-sessions.js';
import { startWorker, type WasmWorker } from './workers/worker-pool.js';

/** Images per pass of a session: small enough that a layer's activations stay in the processor's cache. */
const BATCH_SIZE = 25;
/** Images whose gradients are computed in one piece. */
const SHARD_SIZE = 32;

export interface WasmBackendOptions {
  /**
   * Threads that batches are spread over; 1 computes in this thread. As many as there are cores when absent.
   */
  readonly workers?: number | undefined;
}

/**
 * tfjs's WebAssembly backend, with the kernels that training needs, on one or several threads. Results do not
 * depend on their number.
 */
export function createWasmBackend({
  workers: count = availableParallelism(),
}: WasmBackendOptions = {}): Backend {
  let workers: WasmWorker[] = [];
  let sessions = new Set<{ dispose(): void }>();
  const pool = () => (workers.length > 0 ? workers : (workers = Array.from({ length: count }, startWorker)));
  const track = <T extends { dispose(): void }>(session: T): T => {
    const tracked = { ...session, dispose: () => void (session.dispose(), sessions.delete(tracked)) };
    sessions.add(tracked);
    return tracked;
  };
  return {
    id: 'wasm',
    capabilities: { training: true, precisions: ['float32'], workers: count },
    isAvailable: async (): Promise<Availability> => {
      if (!('WebAssembly' in globalThis))
        return {
          available: false,
          reason: 'This JavaScript engine has no WebAssembly.',
          install: 'Use Node 22, 24 or 26.',
        };
      await import('@tensorflow/tfjs-backend-wasm'); // The flag below is its own.
      return {
        available: true,
        details: { simd: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'yes' : 'no', workers: count },
      };
    },
    activate: activateWasm,
    compile: async (graph, { precision = 'float32' } = {}) => {
      if (precision !== 'float32')
        throw new TersorError(
          'PRECISION_UNSUPPORTED',
          `The wasm backend computes in float32, not ${precision}.`,
        );
      requireRightKernels(graph);
      await activateWasm();
      return track(
        count > 1
          ? await compileParallel(pool(), graph, BATCH_SIZE)
          : await compileFused(graph, { batchSize: BATCH_SIZE }),
      );
    },
    observe: async (graph, calls) => {
      requireRightKernels(graph);
      return track(
        count > 1
          ? await observeParallel(pool(), graph, calls)
          : await observeLayers(graph, calls, { activate: activateWasm }),
      );
    },
    crossProducts: crossProductsOfTensors(activateWasm),
    compileTraining: async (graph, objective) => {
      requireRightGradients(graph);
      await activateWasm();
      if (count > 1) return track(await compileTrainingParallel(pool(), graph, objective, SHARD_SIZE));
      const session = await compileGradients(graph, objective);
      const step: TrainingSession['step'] = (weights, batch) =>
        averageShards(
          batch,
          SHARD_SIZE,
          inTurn((shard) => session.step(weights, shard)),
        );
      return track({ step, dispose: session.dispose });
    },
    memory: () => {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, bytes: numBytes };
    },
    dispose: async () => {
      sessions.forEach((session) => session.dispose());
      sessions = new Set();
      await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    },
  };
}

/** Runs calls one after the other: a session in this thread has one set of variables. */
function inTurn<A, R>(call: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (argument) => {
    const next = last.then(() => call(argument));
    last = next;
    return next;
  };
}
