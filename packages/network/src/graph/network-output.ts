import type { GraphLayer, LayerGraph } from '@tersor/core';
import { factsOf } from '../layers/layer-table.js';
import { callsOf } from './walk.js';

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
    const isAlone = callsOf(graph, name).length === 1;
    const canBeTaken = !isHardSigmoid(activationOf(layer)) && isAlone;
    return {
      link,
      layer:
        canBeTaken && (link === 'sigmoid' || softmaxLength(layer, outputShape) === classes)
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
    sizeOf(outputShape) === sizeOf(graph.calls[inputs[0]!]!.outputShape);
  return changesNothing ? first : { link: first.link, layer: undefined };
}

/** The softmax or sigmoid that a layer ends with. */
function ownLink(layer: GraphLayer): NetworkOutput['link'] | undefined {
  const activation = activationOf(layer);
  if (activation === 'softmax') return 'softmax';
  return activation === 'sigmoid' || isHardSigmoid(activation) ? 'sigmoid' : undefined;
}

/**
 * The activation of all that a layer gives. Those within a recurrent layer are none: they act at every step.
 */
function activationOf(layer: GraphLayer): unknown {
  const facts = factsOf(layer);
  const wrapped = facts?.wrapped?.of(layer);
  return wrapped ? activationOf(wrapped) : facts?.activation?.of(layer);
}

function isHardSigmoid(activation: unknown): boolean {
  return activation === 'hardSigmoid' || activation === 'hard_sigmoid';
}

/** Values that one softmax is over. */
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

/** Whether one axis at most has more than one position: reading order is then the order of the classes. */
export function isVector(shape: Shape): boolean {
  return shape.filter((size) => size !== 1).length <= 1;
}

function sizeOf(shape: Shape): number | undefined {
  return shape.includes(undefined) ? undefined : shape.reduce<number>((product, size) => product * size!, 1);
}
