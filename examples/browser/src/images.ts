import * as tf from '@tensorflow/tfjs-core';

export const CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;
const MEAN = [0.4914, 0.4822, 0.4465];
const DEVIATION = [0.247, 0.2435, 0.2616];

/** A labelled image of CIFAR-10: pixels 0-255, plane after plane. */
export interface LabelledImage {
  readonly label: number;
  readonly pixels: Uint8Array;
}

/** Reads records of CIFAR-10's binary layout. */
export async function fetchImages(url: string): Promise<LabelledImage[]> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  return Array.from({ length: Math.floor(bytes.length / RECORD) }, (_, i) => ({
    label: bytes[i * RECORD]!,
    pixels: bytes.subarray(i * RECORD + 1, (i + 1) * RECORD),
  }));
}

/** Images as the network takes them: [n, 32, 32, 3], normalized. The caller disposes it. */
export function toTensor(images: readonly LabelledImage[]): tf.Tensor4D {
  const values = new Float32Array(images.length * 3 * PLANE);
  images.forEach(({ pixels }, n) => {
    for (let i = 0; i < PLANE; i++) {
      for (let c = 0; c < 3; c++)
        values[(n * PLANE + i) * 3 + c] = (pixels[c * PLANE + i]! / 255 - MEAN[c]!) / DEVIATION[c]!;
    }
  });
  return tf.tensor4d(values, [images.length, SIDE, SIDE, 3]);
}

/** A canvas that shows the image. */
export function toCanvas({ pixels }: LabelledImage): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const data = new ImageData(SIDE, SIDE);
  for (let i = 0; i < PLANE; i++)
    data.data.set([pixels[i]!, pixels[PLANE + i]!, pixels[2 * PLANE + i]!, 255], 4 * i);
  canvas.getContext('2d')!.putImageData(data, 0, 0);
  return canvas;
}
