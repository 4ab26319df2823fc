import { Refusal, ActivationQuantizer } from '@tersor/network';
import { ROUNDING } from '../rounded-inputs.js';
import { constantAt, optionalConstant, scalarOf, tensorAt, type Lowering } from '../site.js';

/** Smallest level of a type that results are quantized to; the largest is 255 more. */
const LEAST: Readonly<Record<string, number>> = { UINT8: 0, INT8: -128 };

/** Rounds to the 256 levels of one scale and zero point. */
const rounding: Lowering = (site) => {
  const zero = optionalConstant(site, 2);
  const least = LEAST[zero?.stored ?? 'UINT8'];
  if (least === undefined || site.node.attributes.has('output_dtype'))
    throw new Refusal('quantizes to another type than UINT8 and INT8');
  const scale = scalarOf(constantAt(site, 1));
  const below = least - (zero ? scalarOf(zero) : 0);
  const config = { bits: 8, least: below * scale, most: (below + 255) * scale };
  return [site.build.apply({ className: ActivationQuantizer.className, config }, tensorAt(site, 0))];
};

export const ROUNDINGS: Readonly<Record<string, Lowering>> = { [ROUNDING]: rounding };
