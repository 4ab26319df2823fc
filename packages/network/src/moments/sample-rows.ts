import type { Random } from '@tersor/core';
import type { Window } from './window.js';

/** A batch of what a layer reads, NHWC; a dense layer's features have one position. */
export interface LayerInput {
  readonly data: ArrayLike<number>;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
}

/**
 * Rows of the im2col matrix at random output positions: `points` per image (all of them where there are
 * fewer), each `taps * channels` values in the order of the kernel; zero where the window reaches into the
 * padding. (AMC samples 10 points per image and layer.)
 */
export function sampleRows(
  { data, shape: [batch, height, width, channels] }: LayerInput,
  window: Window | undefined,
  points: number,
  random: Random,
): Float32Array {
  const [kh, kw] = window?.size ?? [1, 1];
  const [sy, sx] = window?.strides ?? [1, 1];
  const [dy, dx] = window?.dilation ?? [1, 1];
  const [outHeight, top] = axis(height, kh, sy, dy, window?.padding ?? 'valid');
  const [outWidth, left] = axis(width, kw, sx, dx, window?.padding ?? 'valid');
  const positions = outHeight * outWidth;
  const perImage = Math.min(points, positions);
  const size = kh * kw * channels;
  const rows = new Float32Array(batch * perImage * size);
  let to = 0;
  for (let image = 0; image < batch; image++) {
    const chosen = perImage === positions ? undefined : random.permutation(positions);
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
