import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';

/** The layers of a graph by their names. */
export function layersByName(graph: LayerGraph): Map<string, GraphLayer> {
  return new Map(graph.layers.map((layer) => [layer.name, layer]));
}

/** The calls of a layer, ascending: several where it is shared. */
export function callsOf(graph: LayerGraph, layer: string): number[] {
  return graph.calls.flatMap((call, index) => (call.layer === layer ? [index] : []));
}

/** The calls that read what a call gives, ascending. One that reads it twice is there once. */
export function readersOf(graph: LayerGraph, call: number): number[] {
  return graph.calls.flatMap(({ inputs }, index) => (inputs.includes(call) ? [index] : []));
}

/**
 * The one call that reads what a call gives: `undefined` where there are none or several, and where the
 * result is also an output of the network.
 */
export function soleReader(graph: LayerGraph, call: number): number | undefined {
  const readers = readersOf(graph, call);
  return readers.length === 1 && !graph.outputs.includes(call) ? readers[0] : undefined;
}

/** The given calls and all that they depend on. */
export function neededCalls(graph: LayerGraph, calls: readonly number[]): Set<number> {
  const needed = new Set(calls);
  for (let index = Math.max(...calls); index >= 0; index--)
    if (needed.has(index)) graph.calls[index]!.inputs.forEach((input) => needed.add(input));
  return needed;
}

/** The shapes that a call reads, of one sample each. */
export function inputShapesOf(graph: LayerGraph, { inputs }: LayerCall): LayerCall['outputShape'][] {
  return inputs.map((input) => graph.calls[input]!.outputShape);
}
