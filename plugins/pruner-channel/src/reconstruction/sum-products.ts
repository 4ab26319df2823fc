import type { Backend, LayerGraph } from '@tersor/core';

/** Sums over the rows of a matrix. */
export interface RowSums {
  /** Of each column. */
  readonly sums: Float32Array;
  /** Of the products of each two columns: size x size. */
  readonly products: Float32Array;
}

/**
 * X'X and the sums of the columns of X (rows x size), in float32. Any backend can run it, for it is a dense
 * layer whose kernel is X: what it reads are the columns of X, and a row of ones for the sums.
 */
export async function sumProducts(backend: Backend, rows: Float32Array, size: number): Promise<RowSums> {
  const count = rows.length / size;
  const turned = new Float32Array((size + 1) * count).fill(1);
  for (let i = 0; i < count; i++) for (let k = 0; k < size; k++) turned[k * count + i] = rows[i * size + k]!;
  const session = await backend.compile(denseNetwork(rows, count, size), { precision: 'float32' });
  try {
    const result = await session.run(turned);
    return { products: result.subarray(0, size * size), sums: result.subarray(size * size) };
  } finally {
    session.dispose();
  }
}

function denseNetwork(data: Float32Array, inputs: number, units: number): LayerGraph {
  const config = { name: 'product', units, activation: 'linear', use_bias: false };
  return {
    name: 'product',
    layers: [
      {
        name: 'turned',
        className: 'InputLayer',
        config: { name: 'turned', batch_input_shape: [null, inputs], dtype: 'float32', sparse: false },
        weights: [],
      },
      {
        name: 'product',
        className: 'Dense',
        config,
        weights: [{ name: 'kernel', shape: [inputs, units], data, trainable: true }],
      },
    ],
    calls: [
      { layer: 'turned', inputs: [], outputShape: [inputs] },
      { layer: 'product', inputs: [0], outputShape: [units] },
    ],
    inputs: [0],
    outputs: [1],
  };
}
