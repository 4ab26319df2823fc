import * as tf from '@tensorflow/tfjs-core';
import { compileFused } from '../src/inference/fused-session.js';
import { compileGradients } from '../src/gradients/gradient-session.js';
import { observeLayers } from '../src/observation/observe-layers.js';
import type { Backend } from '@tersor/core';

/** The sessions of tfjs's own backend in plain JavaScript. */
export function tfjsBackend(): Backend {
  const activate = async () => void (await tf.setBackend('cpu'));
  return {
    id: 'tfjs',
    capabilities: { training: true, precisions: ['float32'], workers: 1 },
    isAvailable: async () => ({ available: true, details: {} }),
    activate,
    compile: (graph) => compileFused(graph),
    observe: (graph, calls) => observeLayers(graph, calls, { activate }),
    compileTraining: compileGradients,
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    dispose: async () => undefined,
  };
}
