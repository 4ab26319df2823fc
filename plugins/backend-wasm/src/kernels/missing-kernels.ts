import { TersorError, type GraphLayer, type LayerGraph } from '@tersor/core';

const HINT = 'Use "backend: node", or "backend: cpu" for a small network.';

/**
 * Layers whose kernels of tfjs's wasm backend give wrong results (4.22), found by comparing all layers with
 * the cpu backend.
 */
const WRONG: Readonly<Record<string, (config: GraphLayer['config']) => boolean>> = {
  Conv3DTranspose: () => true,
  MaxPooling3D: ({ padding }) => padding === 'same',
};

/** Those whose gradients are wrong besides. */
const WRONG_GRADIENTS = new Set(['Conv3D']);

/** Throws `TRAINING_UNSUPPORTED` for a layer whose gradient this backend would compute wrongly. */
export function requireRightGradients(graph: LayerGraph): void {
  requireRightKernels(graph);
  const layer = graph.layers.find(({ className }) => WRONG_GRADIENTS.has(className));
  if (!layer) return;
  throw new TersorError(
    'TRAINING_UNSUPPORTED',
    `The gradient of layer "${layer.name}" (${layer.className}) is wrong on the wasm backend of TensorFlow.js.`,
    { hint: HINT },
  );
}

/** Throws `MODEL_UNSUPPORTED` for a layer that this backend would compute wrongly. */
export function requireRightKernels(graph: LayerGraph): void {
  const layer = graph.layers.find(
    ({ className, config }) => Object.hasOwn(WRONG, className) && WRONG[className]!(config),
  );
  if (!layer) return;
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `Layer "${layer.name}" (${layer.className}) is computed wrongly by the wasm backend of TensorFlow.js.`,
    { hint: HINT },
  );
}
