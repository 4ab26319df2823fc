import type { LayerGraph } from '@tersor/core';
import { withoutConstraints } from './constraints.js';

/** A layer of a Keras functional topology, as `model.json` holds it. */
interface TopologyLayer {
  name: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: [string, number, number, Record<string, never>][][];
}

/** The `modelTopology` of a Keras functional model. */
export interface ModelTopology {
  class_name: 'Model';
  keras_version: string;
  backend: string;
  config: {
    name: string;
    layers: TopologyLayer[];
    input_layers: [string, number, number][];
    output_layers: [string, number, number][];
  };
}

/**
 * The functional Keras topology of a graph, which stock tfjs loads with weights in the graph's order.
 * Constraints on weights are left out.
 */
export function topologyOf(graph: LayerGraph): ModelTopology {
  const nodeIndex = nodeIndexes(graph);
  const reference = (call: number): [string, number, number] => [
    graph.calls[call]!.layer,
    nodeIndex[call]!,
    0,
  ];
  const layers = graph.layers.map((layer) => ({
    name: layer.name,
    class_name: layer.className,
    config: withoutConstraints(layer.config),
    inbound_nodes: graph.calls
      .filter((call) => call.layer === layer.name && call.inputs.length > 0)
      .map((call) =>
        call.inputs.map((input): TopologyLayer['inbound_nodes'][0][0] => [...reference(input), {}]),
      ),
  }));
  return {
    class_name: 'Model',
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
    config: {
      name: graph.name,
      layers,
      input_layers: graph.inputs.map(reference),
      output_layers: graph.outputs.map(reference),
    },
  };
}

/** Index of each call among the calls of its layer, as Keras counts nodes. */
function nodeIndexes(graph: LayerGraph): number[] {
  const seen = new Map<string, number>();
  return graph.calls.map(({ layer }) => {
    const index = seen.get(layer) ?? 0;
    seen.set(layer, index + 1);
    return index;
  });
}
