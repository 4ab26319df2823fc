import * as tf from '@tensorflow/tfjs-core';

/** A layer whose weights are to be zero outside of a mask. */
export interface MaskedProblem {
  /** Second moments of the inputs that stay: kept x kept. */
  readonly moments: Float32Array;
  /**
   * Second moments of the inputs that stay with what the layer is to put out, E[x y']: kept x outputs. With
   * the original weights W and moments M of all inputs, that is M_S: W.
   */
  readonly target: Float32Array;
  /** 1 where a weight may be other than zero: kept x outputs. */
  readonly mask: Float32Array;
  /** Weights to begin with: kept x outputs. */
  readonly start: Float32Array;
  readonly kept: number;
  readonly outputs: number;
  /** Steps of conjugate gradients. */
  readonly steps: number;
}

/**
 * Least squares with zeros, for all outputs of a layer at once:
 *
 *   min over W, zero where the mask is, of E |x W - y|^2
 *
 * Each output has a system of its own, of the inputs that its mask leaves. They are solved together by
 * conjugate gradients with the diagonal as preconditioner (Golub and Van Loan, Matrix Computations, section
 * 11.5): a step is one matrix product, whatever the masks. Runs on the active backend of tfjs, in float32.
 */
export async function maskedLeastSquares(problem: MaskedProblem): Promise<Float32Array> {
  const { moments, target, mask, start, kept, outputs, steps } = problem;
  const result = tf.tidy(() => {
    const m = tf.tensor2d(moments, [kept, kept]);
    const allowed = tf.tensor2d(mask, [kept, outputs]);
    const diagonal = tf.tensor2d(
      Float32Array.from({ length: kept }, (_, i) => moments[i * kept + i]!),
      [kept, 1],
    );
    const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b), 0, true);
    let weights: tf.Tensor = tf.mul(tf.tensor2d(start, [kept, outputs]), allowed);
    let residual: tf.Tensor = tf.mul(
      tf.sub(tf.tensor2d(target, [kept, outputs]), tf.matMul(m, weights as tf.Tensor2D)),
      allowed,
    );
    let direction: tf.Tensor = tf.divNoNan(residual, diagonal);
    let size = dot(residual, direction);
    for (let step = 0; step < steps; step++) {
      const next = tf.tidy(() => {
        const product = tf.mul(tf.matMul(m, direction as tf.Tensor2D), allowed);
        // Outputs that are solved, or have no inputs left, divide nothing by nothing.
        const length = tf.divNoNan(size, dot(direction, product));
        const left = tf.sub(residual, tf.mul(length, product));
        const scaled = tf.divNoNan(left, diagonal);
        const leftSize = dot(left, scaled);
        return {
          weights: tf.add(weights, tf.mul(length, direction)),
          residual: left,
          direction: tf.add(scaled, tf.mul(tf.divNoNan(leftSize, size), direction)),
          size: leftSize,
        };
      });
      tf.dispose([weights, residual, direction, size]);
      ({ weights, residual, direction, size } = next);
    }
    return weights;
  });
  try {
    return (await result.data()) as Float32Array;
  } finally {
    result.dispose();
  }
}
