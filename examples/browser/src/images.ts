import type { ImageSource } from '@tersor/runtime';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;

/** A labelled image, as pages show one. */
export interface LabelledImage {
  readonly label: number;
  readonly canvas: HTMLCanvasElement;
}

/** Reads records of CIFAR-10's binary layout. */
export async function fetchImages(url: string): Promise<LabelledImage[]> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  return Array.from({ length: Math.floor(bytes.length / RECORD) }, (_, i) => ({
    label: bytes[i * RECORD]!,
    canvas: canvasOf(bytes.subarray(i * RECORD + 1, (i + 1) * RECORD)),
  }));
}

/** A canvas with the pixels, plane after plane. */
function canvasOf(pixels: Uint8Array): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const data = new ImageData(SIDE, SIDE);
  for (let i = 0; i < PLANE; i++)
    data.data.set([pixels[i]!, pixels[PLANE + i]!, pixels[2 * PLANE + i]!, 255], 4 * i);
  canvas.getContext('2d')!.putImageData(data, 0, 0);
  return canvas;
}

/** An image file that the visitor chose. Throws where the browser cannot read it. */
export async function readImage(file: Blob): Promise<ImageBitmap> {
  return createImageBitmap(file).catch(() => {
    throw new Error('This file is not an image that the browser can read.');
  });
}

/** The visitor's camera, until `stop`. */
export async function openCamera(video: HTMLVideoElement): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  video.srcObject = stream;
  await video.play();
  return () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

/** Draws what is classified: the middle square. */
export function showSquare(
  canvas: HTMLCanvasElement,
  source: Exclude<ImageSource, { rankType: unknown }>,
): void {
  const [width, height] =
    source instanceof HTMLVideoElement
      ? [source.videoWidth, source.videoHeight]
      : [source.width, source.height];
  const side = Math.min(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = side > canvas.width;
  const at = [(width - side) / 2, (height - side) / 2] as const;
  context.drawImage(source as CanvasImageSource, ...at, side, side, 0, 0, canvas.width, canvas.height);
}
