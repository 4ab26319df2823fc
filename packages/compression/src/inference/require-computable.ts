import { TersorError, type GraphLayer, type LayerGraph } from '@tersor/core';

/**
 * Throws `MODEL_UNSUPPORTED` for a layer with an option that TensorFlow.js passes over in silence: what it computes is not what was trained, and
 * what would be measured here is not what the written model gives.
 */
export function requireComputable(graph: LayerGraph): void {
  for (const layer of graph.layers) {
    if (layer.className === 'DepthwiseConv2D' && isDilated(layer)) {
      throw new TersorError('MODEL_UNSUPPORTED', `Layer "${layer.name}" (DepthwiseConv2D) has a dilation of ${String(layer.config['dilation_rate'])}, which TensorFlow.js ignores.`, {
        hint: 'Use a SeparableConv2D, whose dilation it computes; or set "dilation_rate" to 1 in model.json, if the network was trained in TensorFlow.js.',
      });
    }
    if (layer.className === 'CenterCrop') {
      throw new TersorError('MODEL_UNSUPPORTED', `Layer "${layer.name}" (CenterCrop) makes a model that TensorFlow.js cannot run: it changes the input shape of the layer before it.`, {
        hint: 'Use a Cropping2D.',
      });
    }
  }
}

/** The error for a layer that stock tfjs fails on: `reason` is what it said. */
export function notComputable({ name, className }: GraphLayer, cause: unknown): TersorError {
  if (cause instanceof TersorError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TersorError('MODEL_UNSUPPORTED', `Layer "${name}" (${className}) cannot be computed by TensorFlow.js: ${reason}`, {
    cause,
    hint: 'Stock TensorFlow.js fails on it too. Give the layer other options, or put another layer in its place.',
  });
}

function isDilated({ config }: GraphLayer): boolean {
  const rate = config['dilation_rate'] ?? 1;
  return (Array.isArray(rate) ? rate : [rate]).some((each) => Number(each) !== 1);
}
