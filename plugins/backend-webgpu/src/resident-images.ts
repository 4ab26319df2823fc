import { elementCount } from '@tersor/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageBatch } from '@tersor/network';

/** Bytes of images that stay on the device at most. */
const MOST_BYTES = 2 ** 30;

/**
 * Images that stay on the device from one network to the next: a search measures every candidate on the same
 * ones. An array that is passed a second time is kept; the one unused for the longest makes room.
 */
export interface ResidentImages {
  /** Bytes on the device. */
  readonly bytes: number;
  /** Takes note of images that are about to run, and keeps them where they have been seen before. */
  expect(images: Float32Array): Promise<void>;
  /** A tensor of a batch: cut from the images on the device, or uploaded. */
  batch(batch: ImageBatch): tf.Tensor;
  dispose(): void;
}

/** Images on a device, which is that of tfjs's active backend: `most` bytes of them. */
export function createResidentImages(device: GPUDevice, most = MOST_BYTES): ResidentImages {
  // In the order of their last use.
  const kept = new Map<Float32Array, GPUBuffer>();
  const seen = new WeakSet<Float32Array>();
  const largest = Math.min(most, device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  let bytes = 0;

  const forget = (images: Float32Array): void => {
    kept.get(images)?.destroy();
    if (kept.delete(images)) bytes -= images.byteLength;
  };

  return {
    get bytes() {
      return bytes;
    },
    async expect(images) {
      const buffer = kept.get(images);
      if (buffer) {
        kept.delete(images);
        kept.set(images, buffer);
        return;
      }
      if (!seen.has(images) || images.length === 0 || images.byteLength > largest) {
        seen.add(images);
        return;
      }
      for (const oldest of kept.keys()) {
        if (bytes + images.byteLength <= most) break;
        forget(oldest);
      }
      const made = await uploadWhole(device, images);
      // Another run of the same images may have been faster.
      if (made && kept.has(images)) made.destroy();
      else if (made) {
        kept.set(images, made);
        bytes += images.byteLength;
      }
    },
    batch({ images, start, count, shape }) {
      const size = elementCount(shape);
      const buffer = kept.get(images);
      if (!buffer)
        return tf.tensor(images.subarray(start * size, (start + count) * size), [count, ...shape], 'float32');
      // The buffer is ours: a tensor on it, which is not counted for longer than this, does not free it.
      const whole = tf.tensor({ buffer, zeroCopy: true }, [images.length / size, ...shape], 'float32');
      if (count * size === images.length) return whole;
      const part = tf.slice(whole, [start, ...shape.map(() => 0)], [count, ...shape]);
      whole.dispose();
      return part;
    },
    dispose() {
      for (const images of [...kept.keys()]) forget(images);
    },
  };
}

/** The images in a buffer of their own; undefined where the device has no room for them. */
async function uploadWhole(device: GPUDevice, images: Float32Array): Promise<GPUBuffer | undefined> {
  device.pushErrorScope('out-of-memory');
  let buffer: GPUBuffer | undefined;
  try {
    buffer = device.createBuffer({
      size: images.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      mappedAtCreation: true,
    });
    new Float32Array(buffer.getMappedRange()).set(images);
    buffer.unmap();
  } catch {
    buffer = undefined;
  }
  return (await device.popErrorScope()) ? undefined : buffer;
}
