import * as tf from '@tensorflow/tfjs-core';
import { elementCount, type LayerGraph } from '@tersor/core';

/**
 * Runs a network of one input and one call per layer as a LayersModel of stock tfjs, on the active backend.
 * Loads tfjs-layers when it is called.
 */
export async function runStockLayers(graph: LayerGraph, images: Float32Array): Promise<Float32Array> {
  const { models } = await import('@tensorflow/tfjs-layers');
  const reference = (call: number) => [graph.calls[call]!.layer, 0, 0, {}];
  const config = {
    name: graph.name,
    layers: graph.layers.map(({ name, className, config }) => {
      const { inputs } = graph.calls.find(({ layer }) => layer === name)!;
      return {
        name,
        class_name: className,
        config: { ...config },
        inbound_nodes: inputs.length > 0 ? [inputs.map(reference)] : [],
      };
    }),
    input_layers: graph.inputs.map((call) => reference(call).slice(0, 3)),
    output_layers: graph.outputs.map((call) => reference(call).slice(0, 3)),
  };
  const model = await models.modelFromJSON({ modelTopology: { class_name: 'Model', config } } as never);
  const [input] = graph.inputs.map((call) => graph.calls[call]!.outputShape as number[]);
  const count = images.length / elementCount(input!);
  try {
    tf.tidy(() => {
      for (const { name, weights } of graph.layers)
        if (weights.length > 0)
          model.getLayer(name).setWeights(weights.map(({ data, shape }) => tf.tensor(data, [...shape])));
    });
    const output = tf.tidy(() => model.predict(tf.tensor(images, [count, ...input!])) as tf.Tensor);
    const values = (await output.data()) as Float32Array;
    output.dispose();
    return Float32Array.from(values);
  } finally {
    model.dispose();
  }
}
