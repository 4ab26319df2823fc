import type { LoweredLayer } from './lowered-layer.js';

/** An image of another size, in ONNX's words for where the new pixels lie. */
export interface Resizing {
  /** Rows and columns before; `undefined` for those that are open. */
  readonly from: readonly (number | undefined)[];
  /** Rows and columns after. */
  readonly size: readonly number[];
  readonly interpolation: 'nearest' | 'bilinear';
  readonly coordinates: string;
  /** Which of two neighbours is nearest. */
  readonly rounding: string;
}

/** A resize as a layer: `UpSampling2D` where every pixel is repeated, else ONNX's own resize. */
export function resizingLayer({ from, size, interpolation, coordinates, rounding }: Resizing): LoweredLayer {
  const factors = size.map((length, axis) => length / (from[axis] ?? NaN));
  const repeats =
    interpolation === 'nearest' &&
    factors.every(Number.isInteger) &&
    ((coordinates === 'asymmetric' && rounding === 'floor') ||
      (coordinates === 'half_pixel' && rounding.startsWith('round_prefer')));
  if (repeats)
    return {
      className: 'UpSampling2D',
      config: { size: factors, data_format: 'channels_last', interpolation: 'nearest' },
    };
  return { className: 'TersorResize2D', config: { size, interpolation, coordinates, rounding } };
}
