import type { PlanWeight } from '@tersor/network';
import type { Precision } from '@tersor/core';

/** oneDNN computes output channels in blocks of so many (AVX-512). */
const BLOCK = 16;
/** What a convolution may be padded by at most: with four blocks more there is always a good number. */
const MOST_EXTRA_BLOCKS = 3;

/**
 * How fast a block is computed where their number divides by 2 but not by 4, by 3 only, or by neither; 1
 * where it divides by 4 or is that small.
 */
const RATES: Readonly<
  Record<Precision, { readonly even: number; readonly threes: number; readonly other: number }>
> = {
  bfloat16: { even: 0.9, threes: 0.8, other: 0.4 },
  float32: { even: 0.97, threes: 0.93, other: 0.65 },
};

/**
 * Output channels that a convolution should compute, at least `channels`: the number for which it takes the
 * least time. oneDNN works on several blocks at once only where their number can be divided; 23 blocks (353
 * to 368 channels) took 2.5 times as long as 24 in bfloat16 and 1.4 times in float32, and pruning leaves such
 * numbers all the time. Measured by `bench/backends/convolution.ts`.
 */
export function efficientChannels(channels: number, precision: Precision): number {
  const time = (blocks: number) => blocks / rate(blocks, precision);
  const blocks = Math.ceil(channels / BLOCK);
  let best = blocks;
  for (let candidate = blocks; candidate <= blocks + MOST_EXTRA_BLOCKS; candidate++)
    if (time(candidate) <= time(best)) best = candidate;
  return best === blocks ? channels : best * BLOCK;
}

function rate(blocks: number, precision: Precision): number {
  if (blocks <= 4 || blocks % 4 === 0) return 1;
  const { even, threes, other } = RATES[precision];
  return blocks % 2 === 0 ? even : blocks % 3 === 0 ? threes : other;
}

/**
 * Numbers of output channels at which oneDNN's 1x1 convolution divides by zero, which ends the process: seen
 * for 256 and 512 channels to 1024, 512 and 1024 to 2048.
 */
const FATAL_MULTIPLE = 1024;

/**
 * Output channels that a session computes for a kernel [height, width, inputs, outputs], the same as asked
 * for or more: what is fast, and what does not crash. 1x1 kernels run on other code of oneDNN's, which has no
 * slow numbers but fatal ones.
 */
export function computedOutputs(shape: readonly number[], precision: Precision): number {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  if (height > 1 || width > 1) return efficientChannels(outputs, precision);
  return outputs % FATAL_MULTIPLE === 0 && inputs < outputs ? outputs + BLOCK : outputs;
}

/**
 * A kernel [height, width, inputs, outputs] with more outputs, whose weights are zero; the same one where it
 * has as many.
 */
export function withOutputs(kernel: PlanWeight, outputs: number): PlanWeight {
  const { shape, data } = kernel;
  const own = shape.at(-1)!;
  if (own === outputs) return kernel;
  const padded = new Float32Array((data.length / own) * outputs);
  for (let row = 0; row < data.length / own; row++)
    padded.set(data.subarray(row * own, (row + 1) * own), row * outputs);
  return { shape: [...shape.slice(0, -1), outputs], data: padded };
}
