import { TersorError, type GraphLayer, type LayerGraph } from '@tersor/core';
import { inputShapesOf } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';

/**
 * The same network for stock TensorFlow.js: Tersor's own layers are replaced with stock layers that compute
 * the same (padding with zeros, pooling without padding, upsampling by integers, ...). Throws
 * `MODEL_UNSUPPORTED` with the names of layers that have no stock equivalent.
 */
export function stockLayers(graph: LayerGraph): LayerGraph {
  const layers = graph.layers.map((layer) => {
    const call = graph.calls.find((each) => each.layer === layer.name);
    const [input = []] = call ? inputShapesOf(graph, call) : [];
    return factsOf(layer)?.stock?.(layer, input) ?? layer;
  });
  const own = layers.filter(isOwn);
  if (own.length === 0) return { ...graph, layers };
  const names = own.map(({ name, className }) => `"${name}" (${className})`).join(', ');
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `"${graph.name}" has layers that stock TensorFlow.js does not have: ${names}.`,
    {
      hint: 'Load the packed file with @tersor/runtime instead, or export the network to ONNX.',
    },
  );
}

/** TensorFlow.js writes `gelu_new` under a name that it cannot read; the runtime reads both names. */
function isOwn({ className, config }: GraphLayer): boolean {
  return className.startsWith('Tersor') || ['gelu_new', 'geluNew'].includes(String(config['activation']));
}
