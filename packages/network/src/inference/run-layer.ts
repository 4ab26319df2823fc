import type { Backend, GraphLayer, LayerGraph } from '@tersor/core';

/**
 * Runs one layer by itself on a backend, in float32.
 * @param values inputs, concatenated
 * @param inputShape shape of one input, without the batch
 * @param outputShape shape of one output, without the batch
 */
export async function runLayer(
  backend: Pick<Backend, 'compile'>,
  layer: GraphLayer,
  values: Float32Array,
  inputShape: readonly number[],
  outputShape: readonly number[],
): Promise<Float32Array> {
  const config = { name: 'rows', batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false };
  const graph: LayerGraph = {
    name: layer.name,
    layers: [{ name: 'rows', className: 'InputLayer', config, weights: [] }, layer],
    calls: [
      { layer: 'rows', inputs: [], outputShape: inputShape },
      { layer: layer.name, inputs: [0], outputShape },
    ],
    inputs: [0],
    outputs: [1],
  };
  const session = await backend.compile(graph, { precision: 'float32' });
  try {
    return await session.run(values);
  } finally {
    session.dispose();
  }
}
