import type { ActivationRange } from '@tersor/core';

const { ceil, floor, max, min, round } = Math;

/**
 * How a range is found (compared in Wu et al., "Integer Quantization for Deep Learning Inference", 2020).
 *
 * - `max`: the range of all values.
 * - `percentile`: leaves out a share `1 - share` of the values, half at each end; `share` is in (0, 1].
 * - `mse`: the range of `max`, scaled down for the least squared rounding error at `bits` bits.
 */
export type RangeRule =
  | { readonly rule: 'max' }
  | { readonly rule: 'percentile'; readonly share: number }
  | { readonly rule: 'mse'; readonly bits: number };

/**
 * Range of a layer's activations, from their values in all calibration batches. It always includes 0; without
 * values it is [0, 0].
 */
export function activationRange(values: Float32Array, rule: RangeRule): ActivationRange {
  if (rule.rule === 'percentile') return percentileRange(values, rule.share);
  const range = fullRange(values);
  return rule.rule === 'max' ? range : leastErrorRange(values, range, rule.bits);
}

/**
 * Rounds activations to the 2^bits levels of a range, as an integer runtime does, with a scale and an integer
 * zero point, so that 0 (from padding and ReLU) is exact. Returns a new array.
 */
export function fakeQuantize(
  values: Float32Array,
  { least, most }: ActivationRange,
  bits: number,
): Float32Array {
  const top = 2 ** bits - 1;
  const scale = (most - least) / top;
  if (!(scale > 0)) return new Float32Array(values.length);
  const zero = round(-least / scale);
  return values.map((value) => (max(0, min(top, floor(value / scale + 0.5) + zero)) - zero) * scale);
}

function fullRange(values: Float32Array): ActivationRange {
  let least = 0;
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < least) least = values[i]!;
    if (values[i]! > most) most = values[i]!;
  }
  return { least, most };
}

function percentileRange(values: Float32Array, share: number): ActivationRange {
  if (values.length === 0) return { least: 0, most: 0 };
  const sorted = values.slice().sort();
  const cut = ((1 - share) / 2) * sorted.length;
  const low = min(sorted.length - 1, floor(cut));
  const high = max(0, ceil(sorted.length - cut) - 1);
  return { least: min(0, sorted[low]!), most: max(0, sorted[high]!) };
}

const STEPS = 40;

function leastErrorRange(values: Float32Array, range: ActivationRange, bits: number): ActivationRange {
  let best = range;
  let bestError = Infinity;
  for (let step = STEPS; step > 0; step--) {
    const candidate = { least: (range.least * step) / STEPS, most: (range.most * step) / STEPS };
    const rounded = fakeQuantize(values, candidate, bits);
    let error = 0;
    for (let i = 0; i < values.length; i++) error += (values[i]! - rounded[i]!) ** 2;
    if (error < bestError) [best, bestError] = [candidate, error];
  }
  return best;
}
