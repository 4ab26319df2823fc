import { reshape, sign, stridedSlice, Tensor, transpose } from '@tensorflow/tfjs-core';

const CHAINED = {
  flatten(this: Tensor) {
    return reshape(this, [this.size]);
  },
  reshape(this: Tensor, shape: number[]) {
    return reshape(this, shape);
  },
  sign(this: Tensor) {
    return sign(this);
  },
  stridedSlice(this: Tensor, begin: number[], end: number[], strides: number[]) {
    return stridedSlice(this, begin, end, strides);
  },
  transpose(this: Tensor, order?: number[]) {
    return transpose(this, order);
  },
};

/**
 * Adds the tensor methods that tfjs-layers calls but does not import (in its orthogonal initializer, the
 * default of LSTM and GRU); only the package `@tensorflow/tfjs` has them. Existing methods stay. Must be
 * called before such a layer is built; calling it twice is harmless.
 */
export function addChainedOperations(): void {
  for (const [name, operation] of Object.entries(CHAINED)) {
    if (!(name in Tensor.prototype))
      Object.defineProperty(Tensor.prototype, name, { value: operation, writable: true, configurable: true });
  }
}
