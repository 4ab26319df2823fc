import * as tf from '@tensorflow/tfjs-core';
import { transposed, type Backend, type GraphLayer } from '@tersor/core';
import { runLayer } from '../inference/run-layer.js';

/** Multiplies matrices: see `Backend.crossProducts`. */
export type CrossProducts = NonNullable<Backend['crossProducts']>;

/** The part of a backend that is needed to multiply matrices. */
export type Multiplier = Pick<Backend, 'compile' | 'crossProducts'>;

/**
 * Matrix products on a backend: with its own `crossProducts` or, if it has none, each with a dense layer
 * whose kernel is Y and which reads the columns of X. Any backend can run that.
 */
export function crossProductsOn(backend: Multiplier): CrossProducts {
  return async (x, others, rows) => {
    if (backend.crossProducts) return backend.crossProducts(x, others, rows);
    const turned = transposed(x, rows, x.length / rows);
    const results: Float32Array[] = [];
    for (const other of others)
      results.push(await runLayer(backend, productLayer(other, rows), turned, [rows], [other.length / rows]));
    return results;
  };
}

/**
 * `Backend.crossProducts` for any backend with tfjs kernels.
 * @param activate makes the backend the active tfjs backend
 */
export function crossProductsOfTensors(activate: () => Promise<unknown>): CrossProducts {
  return async (x, others, rows) => {
    await activate();
    const matrix = tf.tensor2d(x, [rows, x.length / rows]);
    // Transposed first: with the transpose flag of matMul, tfjs's wasm kernel is ten times slower.
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

/** A dense layer that multiplies by a matrix with `inputs` rows. */
function productLayer(kernel: Float32Array, inputs: number): GraphLayer {
  const units = kernel.length / inputs;
  return {
    name: 'product',
    className: 'Dense',
    config: { name: 'product', units, activation: 'linear', use_bias: false },
    weights: [{ name: 'kernel', shape: [inputs, units], data: kernel, trainable: true }],
  };
}
