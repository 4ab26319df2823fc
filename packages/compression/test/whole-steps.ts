import type { KernelMoments, LinearTensor, Quantizer, QuantizerInput } from '@tersor/core';
import {
  betterCodes,
  codeProblem,
  columnGroups,
  compensatedCodes,
  descend,
  type Levels,
} from '@tersor/network';

/**
 * Rounds to even steps, the largest weight of each output channel at the end of the range. A real quantizer
 * that uses moments, only simpler than the plugins: its scales do not move.
 */
export function wholeStepsQuantizer(images: number): Quantizer {
  return {
    id: 'whole-steps',
    bits: [2, 8],
    calibration: { images, points: 64, maximumInputs: 200 },
    encode,
    encodeCalibrated,
  };
}

function encode({ shape, data, channelAxis }: QuantizerInput, bits: number): LinearTensor {
  const limit = 2 ** (bits - 1) - 1;
  const inner = shape.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  const groupOf = (at: number) => Math.floor(at / inner) % shape[channelAxis]!;
  const scale = new Float32Array(shape[channelAxis]!);
  data.forEach((value, at) => (scale[groupOf(at)] = Math.max(scale[groupOf(at)]!, Math.abs(value) / limit)));
  const codes = Uint8Array.from(data, (value, at) =>
    scale[groupOf(at)]! > 0 ? Math.floor(value / scale[groupOf(at)]! + limit + 0.5) : limit,
  );
  const zero = new Float32Array(scale.length).fill(limit);
  return { codec: 'linear', shape, bits, axis: channelAxis, codes, scale, zero };
}

function encodeCalibrated(input: QuantizerInput, bits: number, moments: KernelMoments): LinearTensor {
  const nearest = encode(input, bits);
  const problem = codeProblem(input.data, moments)!;
  const limit = 2 ** (bits - 1) - 1;
  const levels: Levels = {
    groups: columnGroups(problem, nearest.shape, nearest.axis),
    nearest: (group, value) => {
      const step = nearest.scale[group]!;
      return step > 0 ? Math.max(0, Math.min(2 * limit, Math.floor(value / step + limit + 0.5))) : limit;
    },
    valueOf: (group, code) => (code - limit) * nearest.scale[group]!,
    zeroOf: () => limit,
  };
  const found = compensatedCodes(problem, levels);
  descend(problem, levels, found);
  const { codes } = betterCodes(problem, { codes: found, levels }, { codes: nearest.codes, levels });
  return { ...nearest, codes };
}
