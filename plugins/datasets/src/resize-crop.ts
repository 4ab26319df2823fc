import type { RgbImage } from './decode-image.js';

/** The source pixels that an output pixel is made of, along one axis. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Resizes an image so that its shorter side is `shorter` pixels, keeping the aspect ratio, and cuts the
 * square of `crop` pixels out of its centre. Bilinear; where it shrinks, the filter grows with the scale, so
 * that every source pixel counts (as Pillow does it; sampling four neighbours would alias). An image that has
 * the size already keeps its pixels exactly. Only the pixels inside the crop are computed.
 *
 * @param shorter at least `crop`
 * @returns `crop * crop * 3` values from 0 to 255, not rounded
 */
export function resizeAndCrop(
  { width, height, data }: RgbImage,
  shorter: number,
  crop: number,
): Float32Array {
  const scale = shorter / Math.min(width, height);
  const columns = axisTaps(width, Math.max(shorter, Math.floor(width * scale)), crop);
  const rows = axisTaps(height, Math.max(shorter, Math.floor(height * scale)), crop);
  const top = rows[0]!.first;
  const bottom = rows.at(-1)!.first + rows.at(-1)!.weights.length;

  const line = crop * 3;
  const squeezed = new Float32Array((bottom - top) * line);
  for (let y = top; y < bottom; y++) {
    columns.forEach(({ first, weights }, x) => {
      const to = (y - top) * line + x * 3;
      for (let k = 0; k < weights.length; k++) {
        const from = (y * width + first + k) * 3;
        const weight = weights[k]!;
        squeezed[to] += weight * data[from]!;
        squeezed[to + 1] += weight * data[from + 1]!;
        squeezed[to + 2] += weight * data[from + 2]!;
      }
    });
  }

  const result = new Float32Array(crop * line);
  rows.forEach(({ first, weights }, y) => {
    for (let k = 0; k < weights.length; k++) {
      const from = (first + k - top) * line;
      const weight = weights[k]!;
      for (let i = 0; i < line; i++) result[y * line + i] += weight * squeezed[from + i]!;
    }
  });
  return result;
}

/** Triangle filter for the middle `crop` of `to` output pixels that cover `from` source pixels. */
function axisTaps(from: number, to: number, crop: number): Taps[] {
  const scale = from / to;
  const support = Math.max(1, scale);
  const start = Math.floor((to - crop) / 2);
  return Array.from({ length: crop }, (_, i) => {
    const centre = (start + i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.floor(centre - support) + 1);
    const last = Math.min(from - 1, Math.ceil(centre + support) - 1);
    const raw = Array.from(
      { length: last - first + 1 },
      (_unused, k) => 1 - Math.abs(first + k - centre) / support,
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}
