import type { Backend } from '@tersor/core';
import { ensureKernels } from '../graph/fallback-kernels.js';
import { compileFused } from '../inference/fused-session.js';
import { observeLayers } from '../observation/observe-layers.js';
import { crossProductsOfTensors } from './cross-products.js';
import type { Observe } from './walk.js';

/** `observeLayers` on the active tfjs backend, for tests and benches without a `Backend`. */
export const observeStock: Observe = (graph, calls) =>
  observeLayers(graph, calls, { activate: ensureKernels });

/** The parts of a backend that calibration needs, on the active tfjs backend. */
export const stockBackend: Pick<Backend, 'observe' | 'compile' | 'crossProducts'> = {
  observe: (graph, calls) => observeLayers(graph, calls, { activate: ensureKernels }),
  compile: (graph) => compileFused(graph),
  crossProducts: crossProductsOfTensors(ensureKernels),
};
