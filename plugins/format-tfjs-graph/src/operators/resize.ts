import { Refusal, resizingLayer } from '@tersor/network';
import { flag } from '../node.js';
import { tensorAt, type Operator } from '../site.js';
import { numbersOf } from '../value.js';

/** Resizes an image, sampling the same pixels as TensorFlow. */
export function resize(interpolation: 'nearest' | 'bilinear'): Operator {
  return (site) => {
    const x = tensorAt(site, 0, 3);
    const size = numbersOf(site.inputs[1], 'a size');
    if (size.some((length) => !(length > 0)))
      throw new Refusal('gives a size that follows from that of the image: give "inputShape"');
    const isAligned = flag(site.node, 'align_corners');
    const isHalf = flag(site.node, 'half_pixel_centers');
    const coordinates = isAligned ? 'align_corners' : isHalf ? 'half_pixel' : 'asymmetric';
    const rounding = isAligned || isHalf ? 'round_prefer_ceil' : 'floor';
    const from = x.shape.slice(0, 2);
    const layer = resizingLayer({ from, size, interpolation, coordinates, rounding });
    return site.add({ ...layer, inputs: [x], shape: [...size, x.shape[2]] });
  };
}
