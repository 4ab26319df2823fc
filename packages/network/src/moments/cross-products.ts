import * as tf from '@tensorflow/tfjs-core';
import type { Backend, GraphLayer } from '@tersor/core';
import { runLayer } from '../inference/run-layer.js';

/** Multiplies matrices: see `Backend.crossProducts`. */
export type CrossProducts = NonNullable<Backend['crossProducts']>;

/** What a backend has to have so that matrices can be multiplied on it. */
export type Multiplier = Pick<Backend, 'compile' | 'crossProducts'>;

/**
 * Matrix products on a backend: its own `crossProducts`, or where it has none a dense layer for each, whose
 * kernel is Y and which reads the columns of X. Any backend can run those.
 */
export function crossProductsOn(backend: Multiplier): CrossProducts {
  return async (x, others, rows) => {
    if (backend.crossProducts) return backend.crossProducts(x, others, rows);
    const turned = turn(x, rows);
    const results: Float32Array[] = [];
    for (const other of others)
      results.push(await runLayer(backend, productLayer(other, rows), turned, [rows], [other.length / rows]));
    return results;
  };
}

/**
 * `Backend.crossProducts` for every backend that has the kernels of tfjs.
 * @param activate makes the backend the active one of tfjs
 */
export function crossProductsOfTensors(activate: () => Promise<unknown>): CrossProducts {
  return async (x, others, rows) => {
    await activate();
    const matrix = tf.tensor2d(x, [rows, x.length / rows]);
    // Turned first: with its own flag for that, tfjs's wasm product is ten times slower.
    const turned = tf.transpose(matrix);
    try {
      const results: Float32Array[] = [];
      for (const other of others) {
        const product = tf.tidy(() =>
          tf.matMul(turned, other === x ? matrix : tf.tensor2d(other, [rows, other.length / rows])),
        );
        results.push((await product.data()) as Float32Array);
        product.dispose();
      }
      return results;
    } finally {
      tf.dispose([matrix, turned]);
    }
  };
}

/** The columns of a matrix, one after the other. */
function turn(x: Float32Array, rows: number): Float32Array {
  const columns = x.length / rows;
  const turned = new Float32Array(x.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) turned[k * rows + i] = x[i * columns + k]!;
  return turned;
}

/** A dense layer that multiplies by a matrix of so many rows. */
function productLayer(kernel: Float32Array, inputs: number): GraphLayer {
  const units = kernel.length / inputs;
  return {
    name: 'product',
    className: 'Dense',
    config: { name: 'product', units, activation: 'linear', use_bias: false },
    weights: [{ name: 'kernel', shape: [inputs, units], data: kernel, trainable: true }],
  };
}
