import {
  avgPool,
  browser,
  cast,
  div,
  expandDims,
  image as images,
  mean as average,
  reverse,
  sub,
  tidy,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { Preprocessing } from './described-input.js';

/** Most samples per side that are averaged to one pixel, which bounds the memory for a large photo. */
const MOST_FINER = 8;

/** An image element or data of a page, or pixels 0..255 as a tensor [height, width, 3]. */
export type ImageSource = Parameters<typeof browser.fromPixels>[0] | Tensor3D;

/**
 * Converts an image to the input of a model, [1, height, width, channels]: resizes it so that the shorter
 * side fits, crops the centre, and normalizes colours according to `preprocessing`. The caller disposes of
 * the result.
 *
 * @example
 * const input = imageInput(document.querySelector('img'), model.preprocessing);
 */
export function imageInput(source: ImageSource, preprocessing: Preprocessing): Tensor4D {
  const { size, resize, mean, std, order } = preprocessing;
  return tidy(() => {
    const pixels = 'rankType' in source ? source : browser.fromPixels(source, 3);
    const [height, width] = pixels.shape;
    const scale =
      resize === undefined ? Math.min(height / size[0], width / size[1]) : Math.min(height, width) / resize;
    // Bilinear sampling alone would skip pixels when an image shrinks a lot.
    const finer = Math.max(1, Math.min(MOST_FINER, Math.floor(scale)));
    const spans = [height, width].map((whole, i) => {
      // The part of the image that becomes the input, and the centres of its first and last sample.
      const part = size[i]! * scale;
      const from = (whole - part) / 2 - 0.5;
      const step = part / (size[i]! * finer);
      return [from + step / 2, from + part - step / 2].map((at) => clipped(at / Math.max(1, whole - 1)));
    });
    const [[top, bottom], [left, right]] = spans as [[number, number], [number, number]];
    const fine = images.cropAndResize(
      expandDims(cast(pixels, 'float32'), 0) as Tensor4D,
      [[top, left, bottom, right]],
      [0],
      [size[0] * finer, size[1] * finer],
      'bilinear',
    );
    const cut = avgPool(fine, finer, finer, 'valid');
    const scaled = mean.length === 1 ? average(cut, 3, true) : order === 'bgr' ? reverse(cut, 3) : cut;
    return div(sub(div(scaled, 255), [...mean]), [...std]) as Tensor4D;
  });
}

function clipped(share: number): number {
  return Math.max(0, Math.min(1, share));
}
