import { elementCount } from '@tersor/core';

/** Sums of values and of their squares by channel, in float64. */
export interface ChannelMoments {
  /** Values per channel. */
  count: number;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** Statistics by channel, under the names that a batch norm's weights have. */
export interface ChannelStatistics {
  readonly moving_mean: Float32Array;
  /** Biased: divided by the count. */
  readonly moving_variance: Float32Array;
}

/** Moments of nothing yet. */
export function emptyMoments(channels: number): ChannelMoments {
  return { count: 0, sums: new Float64Array(channels), squares: new Float64Array(channels) };
}

/** Adds the values of a row-major array whose axis `axis` is the channels. */
export function addValues(
  moments: ChannelMoments,
  data: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
): void {
  const { sums, squares } = moments;
  const channels = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  for (let at = 0; at < data.length; ) {
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < inner; i++, at++) {
        const value = data[at]!;
        sums[channel] = sums[channel]! + value;
        squares[channel] = squares[channel]! + value * value;
      }
    }
  }
  moments.count += data.length / channels;
}

/** Mean and variance of each channel. */
export function meanAndVariance({ count, sums, squares }: ChannelMoments): ChannelStatistics {
  return {
    moving_mean: Float32Array.from(sums, (sum) => sum / count),
    // Rounding may put the square of the mean above the mean of the squares.
    moving_variance: Float32Array.from(squares, (square, channel) =>
      Math.max(0, square / count - (sums[channel]! / count) ** 2),
    ),
  };
}
