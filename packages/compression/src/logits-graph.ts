import type { LayerGraph } from '@tersor/core';

/** The same network without the softmax at its end, so that losses can be computed from logits. Other networks come back unchanged. */
export function logitsGraph(graph: LayerGraph): LayerGraph {
  const output = graph.outputs[0]!;
  const call = graph.calls[output]!;
  const layer = graph.layers.find(({ name }) => name === call.layer)!;
  const isSoftmaxLayer = layer.className === 'Softmax' || (layer.className === 'Activation' && layer.config['activation'] === 'softmax');
  if (isSoftmaxLayer && output === graph.calls.length - 1) {
    return {
      ...graph,
      layers: graph.layers.filter((other) => other !== layer),
      calls: graph.calls.slice(0, -1),
      outputs: [call.inputs[0]!, ...graph.outputs.slice(1)],
    };
  }
  if (layer.config['activation'] !== 'softmax') return graph;
  const linear = { ...layer, config: { ...layer.config, activation: 'linear' } };
  return { ...graph, layers: graph.layers.map((other) => (other === layer ? linear : other)) };
}
