import {
  requireFinite,
  type Calibration,
  type EncodedTensor,
  type KernelMoments,
  type LinearTensor,
  type Quantizer,
  type QuantizerInput,
} from '@tersor/core';
import { gatherGroup, groupLayout, type GroupLayout } from './groups.js';
import { calibratedTensor } from './calibrated.js';
import { symmetricThreshold, type ScaleRule } from './scale-search.js';
import { storedScale } from './stored-scale.js';

const { abs, floor, max, min, round } = Math;

/** What to do about weights that are not finite. */
const DIVERGED = 'They cannot be quantized. Training diverged: lower its learning rate.';

export interface LinearQuantizerOptions {
  readonly scheme: 'symmetric' | 'asymmetric';
  readonly granularity: 'tensor' | 'channel';
  readonly scale: ScaleRule;
  /** Set where codes are chosen by what they do to the layers' outputs. */
  readonly calibrate?: Calibration | undefined;
}

/**
 * Uniform quantization. Symmetric, b bits: levels -(2^(b-1)-1)..2^(b-1)-1 times the step, so that 0 is exact
 * and 2 bits are ternary. Asymmetric: 2^b levels between the least and the largest value, moved so that 0 is
 * one of them. 1 bit, either way: sign(w) * mean|w|, the best binary fit (Rastegari et al., XNOR-Net, 2016,
 * eq. 6); it has no zero, so pruned weights come back only where the whole group is zero. Steps are rounded
 * to half precision where that costs nothing, to halve their bytes in the file.
 */
export class LinearQuantizer implements Quantizer {
  readonly id = 'linear';
  readonly bits = [1, 8] as const;

  readonly calibration: Calibration | undefined;

  constructor(private readonly options: LinearQuantizerOptions) {
    this.calibration = options.calibrate;
  }

  encode(input: QuantizerInput, bits: number): LinearTensor {
    requireFinite(input.name, input.data, DIVERGED);
    const axis = this.options.granularity === 'channel' ? input.channelAxis : -1;
    const layout = groupLayout(input.shape, axis);
    const scale = new Float32Array(layout.groups);
    const zero = new Float32Array(layout.groups);
    const values = new Float32Array(layout.outer * layout.inner);
    for (let group = 0; group < layout.groups; group++) {
      gatherGroup(input.data, layout, group, values);
      [scale[group], zero[group]] = this.fit(values, bits);
    }
    const codes = encodeCodes(input.data, layout, scale, zero, this.topCode(bits));
    return { codec: 'linear', shape: input.shape, bits, axis, codes, scale, zero };
  }

  /** See `calibratedTensor`. */
  encodeCalibrated(input: QuantizerInput, bits: number, moments: KernelMoments): LinearTensor {
    return calibratedTensor(input, this.encode(input, bits), moments, this.options.scheme);
  }

  /**
   * Rounds the master weights again with the scales as they are; `mse` then moves each scale to the
   * least-squares fit of its codes.
   */
  refine(input: QuantizerInput, previous: EncodedTensor): LinearTensor {
    if (previous.codec !== 'linear') return this.encode(input, previous.bits);
    requireFinite(input.name, input.data, DIVERGED);
    const { bits, axis, zero, shape } = previous;
    const layout = groupLayout(shape, axis);
    const codes = encodeCodes(input.data, layout, previous.scale, zero, this.topCode(bits));
    const scale =
      this.options.scale === 'mse'
        ? fitScales(input.data, codes, layout, previous.scale, zero)
        : previous.scale;
    return { codec: 'linear', shape, bits, axis, codes, scale, zero };
  }

  private topCode(bits: number): number {
    return bits === 1 || this.options.scheme === 'asymmetric' ? 2 ** bits - 1 : 2 ** bits - 2;
  }

  /** Step and code of zero of one group. */
  private fit(values: Float32Array, bits: number): [scale: number, zero: number] {
    if (bits === 1) return [storedScale(2 * meanMagnitude(values)), 0.5];
    if (this.options.scheme === 'asymmetric') return this.fitAsymmetric(values, 2 ** bits - 1);
    const limit = 2 ** (bits - 1) - 1;
    return [storedScale(symmetricThreshold(values, limit, this.options.scale) / limit), limit];
  }

  /**
   * The range [least, largest] with 0 inside, shrunk by the factor by which the scale rule would shrink a
   * symmetric one.
   */
  private fitAsymmetric(values: Float32Array, top: number): [scale: number, zero: number] {
    let least = 0;
    let largest = 0;
    for (const value of values) {
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    const reach = max(-least, largest);
    if (reach === 0) return [0, 0];
    // Levels on the longer side decide how much clipping is worth it.
    const limit = max(1, round((top * reach) / (largest - least)));
    const shrink = symmetricThreshold(values, limit, this.options.scale) / reach;
    const scale = storedScale((shrink * (largest - least)) / top);
    return [scale, min(top, max(0, round((-least * shrink) / scale)))];
  }
}

function meanMagnitude(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += abs(values[i]!);
  return sum / max(1, values.length);
}

/** Nearest codes, clamped to 0..top. A group whose scale is 0 gets its code of zero. */
function encodeCodes(
  data: Float32Array,
  { outer, groups, inner }: GroupLayout,
  scale: Float32Array,
  zero: Float32Array,
  top: number,
): Uint8Array {
  const codes = new Uint8Array(data.length);
  // 1 bit: the boundary between its codes is 0 itself, which rounding zero + 0.5 up gives.
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let g = 0; g < groups; g++) {
      const inverse = scale[g]! > 0 ? 1 / scale[g]! : 0;
      const offset = zero[g]! + 0.5;
      for (let i = 0; i < inner; i++, at++) {
        const code = floor(data[at]! * inverse + offset);
        codes[at] = code < 0 ? 0 : code > top ? top : code;
      }
    }
  }
  return codes;
}

/**
 * Least-squares scale of each group for given codes: sum(w q) / sum(q q) with q = code - zero. Groups that
 * are all zero keep theirs.
 */
function fitScales(
  data: Float32Array,
  codes: Uint8Array,
  { outer, groups, inner }: GroupLayout,
  previous: Float32Array,
  zero: Float32Array,
): Float32Array {
  const product = new Float64Array(groups);
  const square = new Float64Array(groups);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < inner; i++, at++) {
        const q = codes[at]! - zero[g]!;
        product[g]! += data[at]! * q;
        square[g]! += q * q;
      }
    }
  }
  return previous.map((scale, g) =>
    product[g]! > 0 && square[g]! > 0 ? storedScale(product[g]! / square[g]!) : scale,
  );
}
