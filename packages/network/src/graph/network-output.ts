import { elementCount, type GraphLayer, type LayerGraph } from '@tersor/core';
import { factsOf } from '../layers/layer-table.js';
import { callsOf } from './walk.js';

/** The kind of a network's outputs, and the network to compute losses from. */
export interface NetworkOutput {
  /** The network without its final softmax or sigmoid, if that can be removed. */
  readonly graph: LayerGraph;
  /**
   * The function from logits to probabilities: over all classes together, or for each class by itself.
   * Outputs of any other kind are treated as logits of a softmax.
   */
  readonly link: 'softmax' | 'sigmoid';
  /**
   * Whether `graph` still outputs probabilities, because its softmax or sigmoid cannot be removed.
   */
  readonly isApplied: boolean;
}

/**
 * The link behind the values of a call. `layer` is the layer that has it, if the link can be removed because
 * the call passes its values on in their order.
 */
interface Origin {
  readonly link: NetworkOutput['link'];
  readonly layer: GraphLayer | undefined;
}

type Shape = readonly (number | undefined)[];

/**
 * Determines the kind of a network's first output by searching back from it for a softmax or sigmoid, through
 * layers that pass values on. Only this function decides that: training, distillation and pruners compute
 * their losses from its `graph`.
 */
export function networkOutput(graph: LayerGraph): NetworkOutput {
  const output = graph.outputs[0]!;
  const origin = originOf(graph, output, elementCount(graph.calls[output]!.outputShape));
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
    // Not if the layer is called elsewhere too, where it needs its activation; nor for a hard sigmoid, which
    // has no inverse; nor for a softmax over fewer than all classes.
    const isAlone = callsOf(graph, name).length === 1;
    const isRemovable = !isHardSigmoid(activationOf(layer)) && isAlone;
    return {
      link,
      layer:
        isRemovable && (link === 'sigmoid' || softmaxLength(layer, outputShape) === classes)
          ? layer
          : undefined,
    };
  }
  const origins = () => inputs.map((input) => originOf(graph, input, classes));
  const passed = factsOf(layer)?.probabilities?.(layer);
  if (passed === 'kept') return origins()[0];
  if (passed !== 'mixed') return undefined;
  const found = origins();
  const [first] = found;
  if (!first || found.some((origin) => origin?.link !== first.link)) return undefined;
  const changesNothing =
    inputs.length === 1 &&
    isVector(outputShape) &&
    isVector(graph.calls[inputs[0]!]!.outputShape) &&
    elementCount(outputShape) === elementCount(graph.calls[inputs[0]!]!.outputShape);
  return changesNothing ? first : { link: first.link, layer: undefined };
}

/** The softmax or sigmoid that a layer ends with. */
function ownLink(layer: GraphLayer): NetworkOutput['link'] | undefined {
  const activation = activationOf(layer);
  if (activation === 'softmax') return 'softmax';
  return activation === 'sigmoid' || isHardSigmoid(activation) ? 'sigmoid' : undefined;
}

/**
 * The activation applied to a layer's whole output. Those within a recurrent layer, which act at every step,
 * do not count.
 */
function activationOf(layer: GraphLayer): unknown {
  const facts = factsOf(layer);
  const wrapped = facts?.wrapped?.of(layer);
  return wrapped ? activationOf(wrapped) : facts?.activation?.of(layer);
}

function isHardSigmoid(activation: unknown): boolean {
  return activation === 'hardSigmoid' || activation === 'hard_sigmoid';
}

/** Number of values that a softmax normalizes together. */
function softmaxLength(layer: GraphLayer, shape: Shape): number | undefined {
  const axis = factsOf(layer)?.activation?.axis?.(layer) ?? -1;
  return axis < 0 ? shape.at(axis) : shape[axis - 1];
}

function withoutActivation(layer: GraphLayer): GraphLayer {
  const { wrapped, activation } = factsOf(layer) ?? {};
  const inner = wrapped?.of(layer);
  if (wrapped && inner) return wrapped.with(layer, withoutActivation(inner));
  return activation?.without(layer) ?? layer;
}

/** Whether at most one axis is longer than 1, so that row-major order is the order of the classes. */
export function isVector(shape: Shape): boolean {
  return shape.filter((size) => size !== 1).length <= 1;
}
