import type * as tf from '@tensorflow/tfjs-core';

/** Bytes that buffers without a tensor may take on the device. */
const MOST_BYTES = 2 ** 29;

/** The part of tfjs's webgpu backend that keeps its buffers. */
interface BufferPool {
  /** By size and usage. */
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesUsed: number;
  numBytesAllocated: number;
}

/**
 * Gives buffers back to the device where those that no tensor has take more than `most` bytes. tfjs keeps
 * each one for a result of exactly the same size, for ever: every candidate of a search has other sizes, and
 * left behind a gigabyte. Must not be called while work that reads such a buffer waits to be submitted, which
 * it does not once a result has been asked for.
 */
export function freeBuffers(backend: tf.KernelBackend, most = MOST_BYTES): void {
  const pool = (backend as unknown as { readonly bufferManager: BufferPool }).bufferManager;
  if (pool.numBytesAllocated - pool.numBytesUsed <= most) return;
  for (const [key, buffers] of pool.freeBuffers) {
    for (const buffer of buffers) {
      pool.numBytesAllocated -= buffer.size;
      pool.numFreeBuffers--;
      buffer.destroy();
    }
    pool.freeBuffers.set(key, []);
  }
}
