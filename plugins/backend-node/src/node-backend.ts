import * as tf from '@tensorflow/tfjs-core';
import { TersorError, type Availability, type Backend, type LayerGraph, type Precision } from '@tersor/core';
import { compileGradients, crossProductsOfTensors, observeLayers } from '@tersor/network';
import { choosePrecision } from './choose-precision.js';
import { loadTfjsNode, type TfjsNodeModule } from './find-tfjs-node.js';
import { nativeBatchNorm } from './native/native-batch-norm.js';
import { replaceKernels } from './native/native-kernels.js';
import { compileNative, type NativeSession } from './native/native-session.js';
import { allocatorTuning } from './node-environment.js';
import type { TensorflowKernelBackend } from './tensorflow-binding.js';

export interface NodeBackendOptions {
  /** Precision of sessions whose caller names none; `auto`: see `Backend.choice`. */
  readonly precision: Precision | 'auto';
  /** Threads of one operation; as many as there are cores when absent. Counts until the library is loaded. */
  readonly threads?: number | undefined;
  /** Folders from which tfjs-node is looked for, upwards. */
  readonly directories: readonly string[];
}

/**
 * The backend on tfjs-node or tfjs-node-gpu, whichever is installed. Training is in float32; sessions in
 * float32 or bfloat16.
 */
export function createNodeBackend(options: NodeBackendOptions): Backend {
  let loaded: ReturnType<typeof loadTfjsNode> | undefined;
  const load = () => (loaded ??= loadTfjsNode(options.directories, options.threads));

  const sessions = new Set<NativeSession>();
  let own: Precision = options.precision === 'auto' ? 'float32' : options.precision;

  const activate = async (): Promise<TensorflowKernelBackend> => {
    const found = await load();
    if ('reason' in found)
      throw new TersorError('BACKEND_UNAVAILABLE', found.reason, { hint: found.install });
    if (tf.engine().backendName !== 'tensorflow') await tf.setBackend('tensorflow');
    return tf.backend() as TensorflowKernelBackend;
  };

  const compile: Backend['compile'] = async (graph: LayerGraph, { precision = own } = {}) => {
    const session = await compileNative(await activate(), graph, precision);
    sessions.add(session);
    return {
      run: session.run,
      dispose() {
        session.dispose();
        sessions.delete(session);
      },
    };
  };

  return {
    id: 'node',
    capabilities: { training: true, precisions: ['float32', 'bfloat16'], workers: 1 },
    async isAvailable(): Promise<Availability> {
      const found = await load();
      return 'reason' in found
        ? { available: false, ...found }
        : { available: true, details: detailsOf(found) };
    },
    activate: async () => void (await activate()),
    ...(options.precision === 'auto' && {
      choice: {
        measure: (graph, images) => choosePrecision(compile, graph, images),
        use: ({ precision }) => void (own = precision),
      },
    }),
    compile,
    // In float32 by the stock layers, whatever the precision of the other sessions.
    observe: (graph, calls) => observeLayers(graph, calls, { activate }),
    crossProducts: crossProductsOfTensors(activate),
    async compileTraining(graph, objective) {
      const backend = await activate();
      replaceKernels();
      return compileGradients(graph, objective, {
        batchNorm: (x, gamma, beta, epsilon) => nativeBatchNorm(backend, x, gamma, beta, epsilon),
      });
    },
    memory() {
      const { numTensors, numBytes } = tf.memory();
      let tensors = numTensors;
      let bytes = numBytes;
      for (const session of sessions) {
        tensors += session.held().tensors;
        bytes += session.held().bytes;
      }
      return { tensors, bytes };
    },
    async dispose() {
      sessions.forEach((session) => session.dispose());
      sessions.clear();
    },
  };
}

function detailsOf({ packageName, version, origin }: TfjsNodeModule): Record<string, string | number> {
  const backend = tf.findBackend('tensorflow') as TensorflowKernelBackend | null;
  return {
    package: packageName,
    version,
    TensorFlow: backend?.binding.TF_Version ?? 'unknown',
    from: origin,
    allocator: allocatorTuning(),
  };
}
