import { word, type LayerConfig } from './config-values.js';

/** How a pixel of the result is placed in the image: the words of ONNX, in camel case. */
type Coordinates = 'halfPixel' | 'pytorchHalfPixel' | 'asymmetric' | 'alignCorners';

/** Which of the two pixels next to a place is its nearest. */
type Rounding = 'roundPreferFloor' | 'roundPreferCeil' | 'floor' | 'ceil';

/** How an axis is resized. */
export interface AxisResize {
  readonly interpolation: 'nearest' | 'bilinear';
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
}

/** What the config of a resize layer says; keys and words in camel case or as a file has them. Throws. */
export function axisResize(config: LayerConfig): AxisResize {
  return {
    interpolation: word(config, 'interpolation', ['nearest', 'bilinear']),
    coordinates: word(config, 'coordinates', ['halfPixel', 'pytorchHalfPixel', 'asymmetric', 'alignCorners']),
    rounding: word(config, 'rounding', ['roundPreferFloor', 'roundPreferCeil', 'floor', 'ceil']),
  };
}

const ROUND: Readonly<Record<Rounding, (place: number) => number>> = {
  roundPreferFloor: (place) => Math.ceil(place - 0.5),
  roundPreferCeil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/**
 * The share of each of `from` pixels in each of `to` pixels, as a matrix [from, to]: resizing an axis is one
 * product with it. ONNX, operator Resize.
 */
export function resizeWeights(from: number, to: number, resize: AxisResize): Float32Array {
  const weights = new Float32Array(from * to);
  for (let pixel = 0; pixel < to; pixel++) {
    const place = placeOf(pixel, from, to, resize.coordinates);
    if (resize.interpolation === 'nearest') {
      weights[within(ROUND[resize.rounding](place), from) * to + pixel] = 1;
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

/** Divisions of whole numbers, so that halves are exact. */
function placeOf(pixel: number, from: number, to: number, coordinates: Coordinates): number {
  switch (coordinates) {
    case 'asymmetric':
      return (pixel * from) / to;
    case 'alignCorners':
      return to === 1 ? 0 : (pixel * (from - 1)) / (to - 1);
    case 'pytorchHalfPixel':
      if (to === 1) return 0;
  }
  return ((2 * pixel + 1) * from - to) / (2 * to);
}

function within(place: number, length: number): number {
  return Math.min(Math.max(place, 0), length - 1);
}
