import { crossProductsOn, runLayer, type Multiplier } from '@tersor/network';
import type { GraphLayer } from '@tersor/core';

/** Sums over the rows of a matrix. */
export interface RowSums {
  /** Of each column. */
  readonly sums: Float32Array;
  /** Of the products of each two columns: size x size. */
  readonly products: Float32Array;
}

/** Below this many values a backend takes longer to be asked than it takes to add them up here. */
const FEW = 4096;

/**
 * X'X and the sums of the columns of X (rows x size), in float32, on a backend: the sums as an average over
 * one window.
 */
export async function sumProducts(backend: Multiplier, rows: Float32Array, size: number): Promise<RowSums> {
  const count = rows.length / size;
  const [products] = (await crossProductsOn(backend)(rows, [rows], count)) as [Float32Array];
  if (rows.length < FEW) return { products, sums: addUp(rows, size) };
  const means = await runLayer(backend, averageLayer(count), rows, [count, 1, size], [1, 1, size]);
  return { products, sums: means.map((mean) => mean * count) };
}

function addUp(rows: Float32Array, size: number): Float32Array {
  const sums = new Float32Array(size);
  for (let at = 0; at < rows.length; at++) sums[at % size] = sums[at % size]! + rows[at]!;
  return sums;
}

function averageLayer(count: number): GraphLayer {
  const window = [count, 1];
  return {
    name: 'sum',
    className: 'AveragePooling2D',
    config: {
      name: 'sum',
      pool_size: window,
      strides: window,
      padding: 'valid',
      data_format: 'channels_last',
    },
    weights: [],
  };
}
