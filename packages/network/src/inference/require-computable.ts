import { messageOf, TersorError, type GraphLayer, type LayerCall, type LayerGraph } from '@tersor/core';

/**
 * Throws `MODEL_UNSUPPORTED` for a layer with an option that TensorFlow.js passes over in silence: what it
 * computes is not what was trained, and what would be measured here is not what the written model gives.
 */
export function requireComputable(graph: LayerGraph): void {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const problem = PROBLEMS[layer.className]?.(
      layer,
      call.inputs.map((input) => graph.calls[input]!.outputShape),
    );
    if (!problem) continue;
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `Layer "${layer.name}" (${layer.className}) ${problem.what}.`,
      { hint: problem.hint },
    );
  }
}

interface Problem {
  /** What is wrong, to stand behind the layer's name. */
  readonly what: string;
  readonly hint: string;
}

const CROP_INSTEAD = 'Use a Cropping2D, or prepare the images before the network.';

/** What tfjs 4.22 does with a layer of a class, where that is not what its config says. */
const PROBLEMS: Readonly<
  Record<string, (layer: GraphLayer, inputShapes: readonly LayerCall['outputShape'][]) => Problem | undefined>
> = {
  DepthwiseConv2D: (layer) =>
    isDilated(layer)
      ? {
          what: `has a dilation of ${String(layer.config['dilation_rate'])}, which TensorFlow.js ignores`,
          hint: 'Use a SeparableConv2D, whose dilation it computes; or set "dilation_rate" to 1 in model.json, if the network was trained in TensorFlow.js.',
        }
      : undefined,
  CenterCrop: () => ({
    what: 'makes a model that TensorFlow.js cannot run: it changes the input shape of the layer before it',
    hint: CROP_INSTEAD,
  }),
  Resizing: () => ({
    what: 'makes a model that TensorFlow.js cannot run: it leaves the batch out of its output shape',
    hint: CROP_INSTEAD,
  }),
  // Its config does not say so once it is read, but its kernel does.
  Conv1D: ({ weights }, [input]) =>
    weights.some(({ name, shape }) => name === 'kernel' && shape[1] !== input?.at(-1))
      ? {
          what: 'has its channels first, which TensorFlow.js does not write into a model',
          hint: 'Build the model with data_format "channels_last".',
        }
      : undefined,
};

/** The error for a layer that stock tfjs fails on: `reason` is what it said. */
export function notComputable({ name, className }: GraphLayer, cause: unknown): TersorError {
  if (cause instanceof TersorError) return cause;
  return new TersorError(
    'MODEL_UNSUPPORTED',
    `Layer "${name}" (${className}) cannot be computed by TensorFlow.js: ${messageOf(cause)}`,
    {
      cause,
      hint: 'Stock TensorFlow.js fails on it too. Give the layer other options, or put another layer in its place.',
    },
  );
}

function isDilated({ config }: GraphLayer): boolean {
  const rate = config['dilation_rate'] ?? 1;
  return (Array.isArray(rate) ? rate : [rate]).some((each) => Number(each) !== 1);
}
