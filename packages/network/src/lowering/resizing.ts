import type { LoweredLayer } from './lowered-layer.js';

/** A resize of images, in the terms of ONNX. */
export interface Resizing {
  /** Rows and columns of the input; `undefined` if open. */
  readonly from: readonly (number | undefined)[];
  /** Rows and columns of the output. */
  readonly size: readonly number[];
  readonly interpolation: 'nearest' | 'bilinear';
  readonly coordinates: string;
  /** How `nearest` rounds between two neighbours. */
  readonly rounding: string;
}

/** A resize as a layer: `UpSampling2D` if every pixel is repeated, else `TersorResize2D`. */
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
