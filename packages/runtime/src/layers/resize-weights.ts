import { finite, word, wrong, type LayerConfig } from './config-values.js';

/** How output pixels are mapped to input positions: ONNX's names, in camel case. */
type Coordinates = 'halfPixel' | 'pytorchHalfPixel' | 'asymmetric' | 'alignCorners' | 'tfHalfPixelForNn';

/** How `nearest` rounds a position: ONNX's names, in camel case. */
type Rounding = 'roundPreferFloor' | 'roundPreferCeil' | 'floor' | 'ceil';

/** How an axis is resized. */
export interface AxisResize {
  readonly interpolation: 'nearest' | 'bilinear' | 'bicubic';
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
  /** Output pixels per input pixel; by default the ratio of the lengths. */
  readonly scale?: number;
  /** Cubic only: the slope of the outer parts. */
  readonly coefficient: number;
  /** Cubic only: whether pixels outside the image are left out instead of repeating the edge. */
  readonly excludeOutside: boolean;
}

/**
 * Reads how the config of a resize layer resizes rows (0) or columns (1), in snake or camel case. Throws
 * `Error`.
 */
export function axisResize(config: LayerConfig, axis: 0 | 1): AxisResize {
  const scales = config['scales'];
  if (scales !== undefined && !(Array.isArray(scales) && scales.length === 2 && scales.every(isPositive)))
    throw wrong(config, 'scales', 'two positive numbers');
  const slope = config['cubic_coefficient'] === undefined ? 'cubicCoefficient' : 'cubic_coefficient';
  return {
    interpolation: word(config, 'interpolation', ['nearest', 'bilinear', 'bicubic']),
    coordinates: word(config, 'coordinates', [
      'halfPixel',
      'pytorchHalfPixel',
      'asymmetric',
      'alignCorners',
      'tfHalfPixelForNn',
    ]),
    rounding: word(config, 'rounding', ['roundPreferFloor', 'roundPreferCeil', 'floor', 'ceil']),
    ...(scales && { scale: scales[axis] as number }),
    coefficient: finite(config, slope, -0.75),
    excludeOutside: (config['exclude_outside'] ?? config['excludeOutside']) === true,
  };
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && Number.isFinite(value);
}

const ROUND: Readonly<Record<Rounding, (place: number) => number>> = {
  roundPreferFloor: (place) => Math.ceil(place - 0.5),
  roundPreferCeil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/**
 * Weight of each of `from` input pixels in each of `to` output pixels, as a matrix [from, to] that resizes an
 * axis by a matrix product. As in the ONNX operator Resize.
 */
export function resizeWeights(from: number, to: number, resize: AxisResize): Float32Array {
  const weights = new Float32Array(from * to);
  for (let pixel = 0; pixel < to; pixel++) {
    const place = placeOf(pixel, from, to, resize);
    if (resize.interpolation === 'nearest') {
      weights[within(ROUND[resize.rounding](place), from) * to + pixel] = 1;
      continue;
    }
    if (resize.interpolation === 'bicubic') {
      for (const [index, share] of cubicShares(place, from, resize)) weights[index * to + pixel]! += share;
      continue;
    }
    const inside = within(place, from);
    const lower = Math.floor(inside);
    const share = inside - lower;
    weights[lower * to + pixel]! += 1 - share;
    weights[within(lower + 1, from) * to + pixel]! += share;
  }
  return weights;
}

/**
 * Input position of an output pixel. Divides integers if the scale is their ratio, so that halves are exact.
 */
function placeOf(pixel: number, from: number, to: number, { coordinates, scale }: AxisResize): number {
  const [numerator, denominator] = scale === undefined ? [from, to] : [1, scale];
  switch (coordinates) {
    case 'asymmetric':
      return (pixel * numerator) / denominator;
    case 'alignCorners': {
      const most = scale === undefined ? to - 1 : scale * from - 1;
      return most === 0 ? 0 : (pixel * (from - 1)) / most;
    }
    case 'tfHalfPixelForNn':
      return ((2 * pixel + 1) * numerator) / (2 * denominator);
    case 'pytorchHalfPixel':
      if (to === 1) return 0;
  }
  return ((2 * pixel + 1) * numerator - denominator) / (2 * denominator);
}

/** The four pixels around a position with their weights. Keys, "Cubic convolution interpolation" (1981). */
function cubicShares(place: number, length: number, resize: AxisResize): readonly [number, number][] {
  const { coefficient: a, excludeOutside } = resize;
  const first = Math.floor(place) - 1;
  const taps = [0, 1, 2, 3].map((i): [number, number] => {
    const x = Math.abs(place - first - i);
    const share =
      x <= 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;
    return [first + i, share];
  });
  if (!excludeOutside) return taps.map(([index, share]) => [within(index, length), share]);
  const inside = taps.filter(([index]) => index >= 0 && index < length);
  const sum = inside.reduce((all, [, share]) => all + share, 0);
  return inside.map(([index, share]) => [index, share / sum]);
}

function within(place: number, length: number): number {
  return Math.min(Math.max(place, 0), length - 1);
}
