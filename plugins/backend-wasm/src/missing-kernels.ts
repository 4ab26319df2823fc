import { TersorError, type GraphLayer, type LayerGraph } from '@tersor/core';

/** Layers whose kernels of tfjs's wasm backend give wrong results (4.22), found by comparing all layers with the cpu backend. */
const WRONG: Readonly<Record<string, (config: GraphLayer['config']) => boolean>> = {
  Conv3DTranspose: () => true,
  MaxPooling3D: ({ padding }) => padding === 'same',
};

/** Throws `MODEL_UNSUPPORTED` for a layer that this backend would compute wrongly. */
export function requireRightKernels(graph: LayerGraph): void {
  const layer = graph.layers.find(({ className, config }) => Object.hasOwn(WRONG, className) && WRONG[className]!(config));
  if (!layer) return;
  throw new TersorError('MODEL_UNSUPPORTED', `Layer "${layer.name}" (${layer.className}) is computed wrongly by the wasm backend of TensorFlow.js.`, {
    hint: 'Use "backend: node", or "backend: cpu" for a small network.',
  });
}
