import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';

/** A part of a network as a separate network. */
export interface GraphPart {
  readonly graph: LayerGraph;
  /** The requested calls, by their index in the part, in the order of the request. */
  readonly calls: readonly number[];
  /** For each input of the part, the call of the whole network whose results it needs. */
  readonly inputs: readonly number[];
}

/**
 * The part of a network that computes some calls from known results of others. The known calls that it needs
 * become its inputs, together with the network's inputs that it needs.
 * @param known calls whose results are available
 * @param asked calls whose results are wanted; may include known ones
 */
export function partOf(graph: LayerGraph, known: readonly number[], asked: readonly number[]): GraphPart {
  const isKnown = new Set(known);
  const needed = new Set(asked);
  for (let call = Math.max(-1, ...asked); call >= 0; call--)
    if (needed.has(call) && !isKnown.has(call))
      graph.calls[call]!.inputs.forEach((input) => needed.add(input));
  const order = [...needed].sort((a, b) => a - b);
  const places = new Map(order.map((call, place) => [call, place]));
  const names = new Set(order.filter((call) => !isKnown.has(call)).map((call) => graph.calls[call]!.layer));
  const inputs = order.filter((call) => isKnown.has(call) || graph.inputs.includes(call));
  const place = (call: number) => places.get(call)!;
  return {
    calls: asked.map(place),
    inputs,
    graph: {
      name: graph.name,
      layers: [
        ...inputs.filter((call) => isKnown.has(call)).map((call) => inputLayer(call, graph.calls[call]!)),
        ...graph.layers.filter(({ name }) => names.has(name)),
      ],
      calls: order.map((call): LayerCall => {
        const { layer, inputs: read, outputShape } = graph.calls[call]!;
        return isKnown.has(call)
          ? { layer: nameOf(call), inputs: [], outputShape }
          : { layer, inputs: read.map(place), outputShape };
      }),
      inputs: inputs.map(place),
      outputs: [...new Set(asked)].map(place),
    },
  };
}

/** Name of the input that replaces a known call. */
function nameOf(call: number): string {
  return `tersor/kept/${call}`;
}

function inputLayer(call: number, { outputShape }: LayerCall): GraphLayer {
  const name = nameOf(call);
  return {
    name,
    className: 'InputLayer',
    config: { name, batch_input_shape: [null, ...outputShape], dtype: 'float32', sparse: false },
    weights: [],
  };
}
