import type { KernelMoments } from '@tersor/core';

/**
 * What another kernel does to the outputs of its layer: the mean square of their change over that of the
 * outputs, tr(D' H D) / tr(W' H W), with H the second moments of the inputs and D the difference of the two.
 * 0 for a layer that puts out nothing.
 */
export function outputError(moments: KernelMoments, kernel: Float32Array, other: Float32Array): number {
  const difference = kernel.map((value, i) => other[i]! - value);
  const whole = outputPower(moments, kernel);
  return whole > 0 ? outputPower(moments, difference) / whole : 0;
}

/** tr(W' H W), summed over the matrices of a kernel. */
function outputPower(moments: KernelMoments, kernel: Float32Array): number {
  const { matrices, inputs, outputs, matrixStride, inputStride, products } = moments;
  let power = 0;
  const sums = new Float64Array(outputs);
  for (let matrix = 0; matrix < matrices; matrix++) {
    const h = products[products.length === 1 ? 0 : matrix]!;
    const at = (input: number) => matrix * matrixStride + input * inputStride;
    for (let i = 0; i < inputs; i++) {
      // Of a symmetric matrix the part below the diagonal counts twice.
      sums.fill(0);
      for (let j = 0; j <= i; j++) {
        const factor = (j < i ? 2 : 1) * h[i * inputs + j]!;
        const row = at(j);
        for (let o = 0; o < outputs; o++) sums[o] = sums[o]! + factor * kernel[row + o]!;
      }
      const row = at(i);
      for (let o = 0; o < outputs; o++) power += kernel[row + o]! * sums[o]!;
    }
  }
  return power;
}
