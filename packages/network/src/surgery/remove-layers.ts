import { TersorError, type LayerCall, type LayerGraph } from '@tersor/core';

/**
 * Removes whole layers: readers of a removed layer read its input instead. A layer with several inputs (the
 * sum of a residual block) can be removed if the other removals leave it only one. Used by block pruners,
 * whose plans name such layers in `removeLayers`.
 *
 * Throws `PLAN_MISMATCH` if the network does not have a layer, if a layer still has different inputs, if its
 * output and input differ in shape, and if it is an input of the network.
 */
export function removeLayers(graph: LayerGraph, names: readonly string[]): LayerGraph {
  if (names.length === 0) return graph;
  const gone = new Set(names);
  const stranger = names.find((name) => !graph.layers.some((layer) => layer.name === name));
  if (stranger !== undefined)
    throw mismatch(`The network "${graph.name}" has no layer "${stranger}" to remove.`);
  /** For each call, the remaining call that now provides its output, by old index. */
  const source: number[] = [];
  graph.calls.forEach(({ layer, inputs }, index) => {
    if (!gone.has(layer)) return source.push(index);
    const [first, ...others] = [...new Set(inputs.map((input) => source[input]!))];
    if (first === undefined)
      throw mismatch(`"${layer}" is an input of the network "${graph.name}" and cannot go.`);
    if (others.length > 0) {
      const read = [first, ...others].map((call) => `"${graph.calls[call]!.layer}"`).join(' and ');
      throw mismatch(`"${layer}" cannot go: it reads ${read}, and only one could take its place.`);
    }
    return source.push(first);
  });
  const stay = graph.calls.flatMap(({ layer }, index) => (gone.has(layer) ? [] : [index]));
  const moved = new Map(stay.map((old, index) => [old, index]));
  const now = (calls: readonly number[]) =>
    calls.map((call) => {
      const [before, after] = [graph.calls[call]!, graph.calls[source[call]!]!].map(({ outputShape }) =>
        outputShape.join('x'),
      );
      if (before !== after)
        throw mismatch(
          `"${graph.calls[call]!.layer}" cannot go: it makes ${before} of the ${after} that would take its place.`,
        );
      return moved.get(source[call]!)!;
    });
  return {
    ...graph,
    layers: graph.layers.filter(({ name }) => !gone.has(name)),
    calls: stay.map(
      (index): LayerCall => ({ ...graph.calls[index]!, inputs: now(graph.calls[index]!.inputs) }),
    ),
    inputs: now(graph.inputs),
    outputs: now(graph.outputs),
  };
}

function mismatch(message: string): TersorError {
  return new TersorError('PLAN_MISMATCH', message, {
    hint: 'Remove whole blocks: name every layer after their input, up to and including the sum.',
  });
}
