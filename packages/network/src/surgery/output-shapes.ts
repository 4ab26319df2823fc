import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import { ELEMENT_WISE } from '../groups/rules-shapes.js';
import { isLastAxis, weightShape } from '../groups/layer-rule.js';

type Shape = LayerCall['outputShape'];

/**
 * Number of output channels that a layer's weights say; `undefined` for a layer whose output follows its
 * input.
 */
export function producedChannels(layer: GraphLayer): number | undefined {
  switch (layer.className) {
    case 'Conv1D':
    case 'Conv2D':
    case 'Conv3D':
    case 'Dense':
      return weightShape(layer, 'kernel')?.at(-1);
    case 'Conv2DTranspose':
    case 'Conv3DTranspose':
      return weightShape(layer, 'kernel')?.at(-2);
    case 'SeparableConv2D':
      return weightShape(layer, 'pointwise_kernel')?.at(-1);
    case 'DepthwiseConv2D': {
      const shape = weightShape(layer, 'depthwise_kernel');
      return shape && shape[2]! * shape[3]!;
    }
    default:
      return undefined;
  }
}

/**
 * The graph with output shapes that follow from its weights again, after channels were removed. Only the
 * length of the last axis ever changes; the target shapes of Reshape layers are changed with it.
 */
export function deriveShapes(graph: LayerGraph): LayerGraph {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const calls: LayerCall[] = [];
  for (const call of graph.calls) {
    const layer = layers.get(call.layer)!;
    const inputs = call.inputs.map((input) => calls[input]!.outputShape);
    const inputsBefore = call.inputs.map((input) => graph.calls[input]!.outputShape);
    const width = outputWidth(layer, call.outputShape, inputs, inputsBefore);
    calls.push({ ...call, outputShape: withWidth(call.outputShape, width) });
    if (layer.className === 'Reshape' && width !== call.outputShape.at(-1)) {
      layers.set(layer.name, {
        ...layer,
        config: { ...layer.config, target_shape: withWidth(call.outputShape, width) },
      });
    }
  }
  return { ...graph, layers: graph.layers.map(({ name }) => layers.get(name)!), calls };
}

function outputWidth(
  layer: GraphLayer,
  before: Shape,
  inputs: readonly Shape[],
  inputsBefore: readonly Shape[],
): number | undefined {
  const produced = producedChannels(layer);
  if (produced !== undefined) return produced;
  const widths = inputs.map((shape) => shape.at(-1));
  // Behind a barrier nothing changes, whatever the layer does.
  if (widths.every((width, i) => width === inputsBefore[i]!.at(-1))) return before.at(-1);
  if (layer.className === 'Flatten' || layer.className === 'Reshape')
    return product(inputs[0]!) / product(before.slice(0, -1));
  if (layer.className === 'Concatenate' && isLastAxis(layer.config['axis'], before.length)) {
    return widths.reduce<number>((sum, width) => sum + (width ?? 0), 0);
  }
  if (ELEMENT_WISE.has(layer.className)) return Math.max(...widths.map((width) => width ?? 0));
  return widths[0];
}

/** Open sizes do not get here: a reshape of them is a barrier. */
function product(shape: Shape): number {
  return shape.reduce<number>((result, size) => result * (size ?? 1), 1);
}

function withWidth(shape: Shape, width: number | undefined): Shape {
  return shape.length === 0 ? shape : [...shape.slice(0, -1), width];
}
