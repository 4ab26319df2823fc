import type { Random } from '@tersor/core';
import type { KernelWindow } from '../layers/layer-facts.js';

/** A batch of a layer's input, NHWC; the features of a dense layer have one position. */
export interface LayerInput {
  readonly data: ArrayLike<number>;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
}

/** Rows of the im2col matrix at random output positions: `rowsAt` at positions from `drawPositions`. */
export function sampleRows(
  input: LayerInput,
  window: KernelWindow | undefined,
  points: number,
  random: Random,
): Float32Array {
  const [images, height, width] = input.shape;
  return rowsAt(input, window, drawPositions(images, [height, width], window, points, random));
}

/**
 * Output positions at which a layer's input is observed: `points` random ones for each image, or `undefined`
 * for all if there are no more than that. (AMC samples 10 points per image and layer.)
 */
export function drawPositions(
  images: number,
  [height, width]: readonly number[],
  window: KernelWindow | undefined,
  points: number,
  random: Random,
): readonly (readonly number[] | undefined)[] {
  const { outHeight, outWidth } = outputOf(height!, width!, window);
  const positions = outHeight * outWidth;
  return Array.from({ length: images }, () =>
    points >= positions ? undefined : random.permutation(positions).slice(0, points),
  );
}

/**
 * Rows of the im2col matrix at the positions drawn for each image. Each row has `taps * channels` values in
 * the order of the kernel; values in the padding are 0.
 */
export function rowsAt(
  { data, shape: [batch, height, width, channels] }: LayerInput,
  window: KernelWindow | undefined,
  drawn: readonly (readonly number[] | undefined)[],
): Float32Array {
  const [kh, kw] = window?.size ?? [1, 1];
  const [sy, sx] = window?.strides ?? [1, 1];
  const [dy, dx] = window?.dilation ?? [1, 1];
  const { outHeight, outWidth, top, left } = outputOf(height, width, window);
  const perImage = drawn[0]?.length ?? outHeight * outWidth;
  const size = kh * kw * channels;
  const rows = new Float32Array(batch * perImage * size);
  let to = 0;
  for (let image = 0; image < batch; image++) {
    const chosen = drawn[image];
    for (let point = 0; point < perImage; point++) {
      const position = chosen?.[point] ?? point;
      const y0 = Math.floor(position / outWidth) * sy - top;
      const x0 = (position % outWidth) * sx - left;
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++, to += channels) {
          const y = y0 + ky * dy;
          const x = x0 + kx * dx;
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          const from = ((image * height + y) * width + x) * channels;
          for (let c = 0; c < channels; c++) rows[to + c] = data[from + c]!;
        }
      }
    }
  }
  return rows;
}

/** Size of a layer's output, and the padding above and to the left of its input. */
function outputOf(
  height: number,
  width: number,
  window: KernelWindow | undefined,
): { outHeight: number; outWidth: number; top: number; left: number } {
  const [kh, kw] = window?.size ?? [1, 1];
  const [sy, sx] = window?.strides ?? [1, 1];
  const [dy, dx] = window?.dilation ?? [1, 1];
  const padding = window?.padding ?? 'valid';
  const [outHeight, top] = axis(height, kh, sy, dy, padding);
  const [outWidth, left] = axis(width, kw, sx, dx, padding);
  return { outHeight, outWidth, top, left };
}

/** Output length of one axis, and the padding before it (TensorFlow's convention). */
function axis(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: 'same' | 'valid',
): [output: number, before: number] {
  const reach = (kernel - 1) * dilation + 1;
  if (padding === 'valid') return [Math.floor((input - reach) / stride) + 1, 0];
  const output = Math.ceil(input / stride);
  return [output, Math.floor(Math.max((output - 1) * stride + reach - input, 0) / 2)];
}
