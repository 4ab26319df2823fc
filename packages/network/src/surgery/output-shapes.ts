import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import { inputShapesOf, layersByName } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';
import { weightShape } from '../layers/layer-weights.js';

type Shape = LayerCall['outputShape'];

/**
 * Number of output channels according to a layer's weights; `undefined` if they depend on its input.
 */
function producedChannels(layer: GraphLayer): number | undefined {
  const { weights = [], outputsPerInput } = factsOf(layer) ?? {};
  const produced = weights.find(({ role }) => role === 'produces');
  if (produced) return weightShape(layer, produced.weight)?.at(produced.axis);
  const carried = weights.find(({ of }) => of === 'inputs');
  const inputs = carried && weightShape(layer, carried.weight)?.at(carried.axis);
  const repeats = outputsPerInput?.(layer);
  return inputs === undefined || repeats === undefined ? undefined : inputs * repeats;
}

/**
 * Recomputes the output shapes of a graph after channels were removed. Only the length of the last axis ever
 * changes; configs that contain it (`filters`, `units`, target shapes) are updated.
 */
export function deriveShapes(graph: LayerGraph): LayerGraph {
  const layers = layersByName(graph);
  const calls: LayerCall[] = [];
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const inputs = call.inputs.map((input) => calls[input]!.outputShape);
    const channels = outputChannels(layer, call.outputShape, inputs, inputShapesOf(graph, call));
    const outputShape = withChannels(call.outputShape, channels);
    calls.push({ ...call, outputShape });
    const resized = factsOf(layer)?.resized;
    if (resized && channels !== call.outputShape.at(-1))
      layers.set(layer.name, {
        ...layer,
        config: resized(layer.config, outputShape, { weights: layer.weights, inputs }),
      });
  }
  return { ...graph, layers: graph.layers.map(({ name }) => layers.get(name)!), calls };
}

function outputChannels(
  layer: GraphLayer,
  outputBefore: Shape,
  inputs: readonly Shape[],
  inputsBefore: readonly Shape[],
): number | undefined {
  const produced = producedChannels(layer);
  if (produced !== undefined) return produced;
  // If no input has changed, neither does the output, whatever the layer does.
  if (inputs.every((shape, i) => shape.at(-1) === inputsBefore[i]!.at(-1))) return outputBefore.at(-1);
  const own = factsOf(layer)?.outputChannels;
  return own ? own({ layer, inputs, inputsBefore, outputBefore }) : inputs[0]!.at(-1);
}

/** A shape with another number of channels. */
function withChannels(shape: Shape, channels: number | undefined): Shape {
  return shape.length === 0 ? shape : [...shape.slice(0, -1), channels];
}
