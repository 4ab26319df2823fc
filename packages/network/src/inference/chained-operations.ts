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
 * Gives tensors the methods that tfjs-layers calls without bringing them along (its orthogonal initializer,
 * which LSTM and GRU use by default): only the whole package `@tensorflow/tfjs` has them. Those that are
 * there stay. To be called before such a layer is built; twice is harmless.
 */
export function addChainedOperations(): void {
  for (const [name, operation] of Object.entries(CHAINED)) {
    if (!(name in Tensor.prototype))
      Object.defineProperty(Tensor.prototype, name, { value: operation, writable: true, configurable: true });
  }
}
