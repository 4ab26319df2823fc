import { ensureKernels } from '../graph/fallback-kernels.js';
import { observeLayers } from '../observation/observe-layers.js';
import type { Observe } from './walk.js';

/** `observeLayers` on whichever backend of tfjs is active: for tests and benches that have no `Backend`. */
export const observeStock: Observe = (graph, calls) =>
  observeLayers(graph, calls, { activate: ensureKernels });
