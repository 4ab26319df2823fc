import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';

/** The layers of a graph by their names. */
export function layersByName(graph: LayerGraph): Map<string, GraphLayer> {
  return new Map(graph.layers.map((layer) => [layer.name, layer]));
}

/** The calls of a layer, ascending; a shared layer has several. */
export function callsOf(graph: LayerGraph, layer: string): number[] {
  return graph.calls.flatMap((call, index) => (call.layer === layer ? [index] : []));
}

/** The calls that read the result of a call, ascending and without repetition. */
export function readersOf(graph: LayerGraph, call: number): number[] {
  return graph.calls.flatMap(({ inputs }, index) => (inputs.includes(call) ? [index] : []));
}

/**
 * The only call that reads the result of a call; `undefined` if there are none or several, or if the result
 * is also an output of the network.
 */
export function soleReader(graph: LayerGraph, call: number): number | undefined {
  const readers = readersOf(graph, call);
  return readers.length === 1 && !graph.outputs.includes(call) ? readers[0] : undefined;
}

/** The given calls and all calls that they depend on. */
export function neededCalls(graph: LayerGraph, calls: readonly number[]): Set<number> {
  const needed = new Set(calls);
  for (let index = Math.max(...calls); index >= 0; index--)
    if (needed.has(index)) graph.calls[index]!.inputs.forEach((input) => needed.add(input));
  return needed;
}

/** Shapes of a call's inputs, for one sample. */
export function inputShapesOf(graph: LayerGraph, { inputs }: LayerCall): LayerCall['outputShape'][] {
  return inputs.map((input) => graph.calls[input]!.outputShape);
}
