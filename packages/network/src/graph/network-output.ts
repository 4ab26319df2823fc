import type { GraphLayer, LayerGraph } from '@tersor/core';

/** What a network's outputs are, and the network that losses are computed from. */
export interface NetworkOutput {
  /** The network without the softmax or sigmoid at its end, where that can be taken off. */
  readonly graph: LayerGraph;
  /**
   * What makes its scores probabilities: over all classes together, or for each class by itself. Scores of
   * any other kind are read as logits of a softmax.
   */
  readonly link: 'softmax' | 'sigmoid';
  /**
   * Whether `graph` gives probabilities all the same: its softmax lies within the network, where it cannot be
   * taken off.
   */
  readonly isApplied: boolean;
}

/**
 * The link that made the values of a call. `layer` is there when the call has these values in their order, so
 * that the link can be taken off.
 */
interface Origin {
  readonly link: NetworkOutput['link'];
  readonly layer: GraphLayer | undefined;
}

type Shape = readonly (number | undefined)[];

/** Layers whose `activation` is applied to what they give, and to nothing else. */
const ACTIVATED = new Set([
  'Activation',
  'Conv1D',
  'Conv2D',
  'Conv2DTranspose',
  'Conv3D',
  'Conv3DTranspose',
  'Dense',
  'DepthwiseConv2D',
  'SeparableConv2D',
]);

/** Layers that give what they get, in its order, when they are not training. */
const PASSING = new Set([
  'ActivityRegularization',
  'AlphaDropout',
  'Dropout',
  'Flatten',
  'GaussianDropout',
  'GaussianNoise',
  'Reshape',
  'SpatialDropout1D',
  'SpatialDropout2D',
]);

/**
 * Layers that average values, choose among them or move them: probabilities stay probabilities. On a single
 * position most of them change nothing.
 */
const MIXING = new Set([
  'Average',
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'Concatenate',
  'Cropping2D',
  'GlobalAveragePooling1D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'Maximum',
  'Minimum',
  'Permute',
]);

/**
 * Says what the first output of a network is: looks back from it for a softmax or a sigmoid, through layers
 * that pass values on. The one place that decides this; training, distillation and pruners compute their
 * losses from `graph`.
 */
export function networkOutput(graph: LayerGraph): NetworkOutput {
  const output = graph.outputs[0]!;
  const origin = originOf(graph, output, sizeOf(graph.calls[output]!.outputShape));
  if (!origin?.layer) return { graph, link: origin?.link ?? 'softmax', isApplied: origin !== undefined };
  const { layer: linked, link } = origin;
  return {
    graph: {
      ...graph,
      layers: graph.layers.map((layer) => (layer === linked ? withoutActivation(layer) : layer)),
    },
    link,
    isApplied: false,
  };
}

function originOf(graph: LayerGraph, index: number, classes: number | undefined): Origin | undefined {
  const { layer: name, inputs, outputShape } = graph.calls[index]!;
  const layer = graph.layers.find((each) => each.name === name)!;
  const link = ownLink(layer);
  if (link) {
    // A layer that is called elsewhere too needs its activation there; a hard sigmoid cannot be undone; a
    // softmax over less than all classes is another function.
    const isAlone = graph.calls.filter((call) => call.layer === name).length === 1;
    const canBeTaken =
      layer.config['activation'] !== 'hardSigmoid' &&
      layer.config['activation'] !== 'hard_sigmoid' &&
      isAlone;
    return {
      link,
      layer:
        canBeTaken && (link === 'sigmoid' || softmaxLength(layer, outputShape) === classes)
          ? layer
          : undefined,
    };
  }
  const origins = () => inputs.map((input) => originOf(graph, input, classes));
  const isLinear = layer.className === 'Activation' && (layer.config['activation'] ?? 'linear') === 'linear';
  if (isLinear || PASSING.has(layer.className)) return origins()[0];
  if (!MIXING.has(layer.className)) return undefined;
  const found = origins();
  const [first] = found;
  if (!first || found.some((origin) => origin?.link !== first.link)) return undefined;
  const changesNothing =
    inputs.length === 1 &&
    isVector(outputShape) &&
    isVector(graph.calls[inputs[0]!]!.outputShape) &&
    sizeOf(outputShape) === sizeOf(graph.calls[inputs[0]!]!.outputShape);
  return changesNothing ? first : { link: first.link, layer: undefined };
}

/**
 * The softmax or sigmoid that a layer ends with. Those within a recurrent layer are none: they act at every
 * step.
 */
function ownLink({ className, config }: GraphLayer): NetworkOutput['link'] | undefined {
  if (className === 'Softmax') return 'softmax';
  const wrapped =
    className === 'TimeDistributed'
      ? (config['layer'] as
          | { readonly class_name: string; readonly config: GraphLayer['config'] }
          | undefined)
      : undefined;
  if (wrapped)
    return ownLink({ name: '', className: wrapped.class_name, config: wrapped.config, weights: [] });
  if (!ACTIVATED.has(className)) return undefined;
  const activation = config['activation'];
  if (activation === 'softmax') return 'softmax';
  return activation === 'sigmoid' || activation === 'hardSigmoid' || activation === 'hard_sigmoid'
    ? 'sigmoid'
    : undefined;
}

/** Values that one softmax is over. */
function softmaxLength({ className, config }: GraphLayer, shape: Shape): number | undefined {
  const axis = className === 'Softmax' ? Number(config['axis'] ?? -1) : -1;
  return axis < 0 ? shape.at(axis) : shape[axis - 1];
}

function withoutActivation(layer: GraphLayer): GraphLayer {
  if (layer.className !== 'Softmax') return { ...layer, config: { ...layer.config, activation: 'linear' } };
  const { axis: _axis, ...config } = layer.config;
  return { ...layer, className: 'Activation', config: { ...config, activation: 'linear' } };
}

/** Whether one axis at most has more than one position: reading order is then the order of the classes. */
export function isVector(shape: Shape): boolean {
  return shape.filter((size) => size !== 1).length <= 1;
}

function sizeOf(shape: Shape): number | undefined {
  return shape.includes(undefined) ? undefined : shape.reduce<number>((product, size) => product * size!, 1);
}
