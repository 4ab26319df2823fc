import type { BitQuestion } from '@tersor/core';
import { spreadBits } from './spread-bits.js';

/** Layers of so many bytes a bit, and a limit on all bytes together. */
function question(sizes: readonly number[], limit: number): BitQuestion {
  const of = (amounts: readonly number[]) => amounts.reduce((sum, bits, i) => sum + bits * sizes[i]!, 0);
  return {
    layers: sizes.map((_, i) => ({ name: `l${i}`, className: 'Dense', config: {}, weights: [] })),
    bits: [2, 8],
    bytes: (layer, bits) => bits * sizes[layer]!,
    error: () => 0,
    limits: [{ name: 'bytes', limit, of }],
    used: (amounts) => of(amounts) / limit,
    fits: (amounts) => of(amounts) <= limit,
  };
}

/** A quarter of the error for every bit. */
const falling = (scale: number) => (bits: number) => scale * 4 ** -bits;

/** The least error of all that fit, by trying everything. */
function best(asked: BitQuestion, error: (layer: number, bits: number) => number): number {
  const extend = (bits: number[]): number =>
    bits.length === asked.layers.length
      ? asked.fits(bits)
        ? bits.reduce((sum, each, i) => sum + error(i, each), 0)
        : Infinity
      : Math.min(...[2, 3, 4, 5, 6, 7, 8].map((each) => extend([...bits, each])));
  return extend([]);
}

describe('bits by error per byte', () => {
  it('gives most bits to the layer that is small, or whose error is large', () => {
    const error = (layer: number, bits: number) => falling([1, 1, 50][layer]!)(bits);
    const bits = spreadBits(question([1, 100, 100], 100 * 4 + 100 * 6 + 8), error);
    expect(bits).toEqual([8, 4, 6]);
  });

  it('is no worse than the best with one step less to spend, where each bit brings less than the one before', () => {
    for (const limit of [800, 1000, 1300, 1700]) {
      const asked = question([10, 40, 100, 25], limit);
      const error = (layer: number, bits: number) => falling([3, 1, 2, 0.2][layer]!)(bits);
      const bits = spreadBits(asked, error);
      expect(asked.fits(bits)).toBe(true);
      const found = bits.reduce((sum, each, i) => sum + error(i, each), 0);
      expect(found).toBeLessThanOrEqual(best(question([10, 40, 100, 25], limit - 100), error) + 1e-12);
    }
  });

  it('passes over a width that brings nothing by itself', () => {
    // Three bits are no better than two; four are much better.
    const error = (layer: number, bits: number) => (layer === 0 ? (bits < 4 ? 10 : 0) : falling(1)(bits));
    expect(spreadBits(question([10, 10], 10 * 4 + 10 * 2), error)).toEqual([4, 2]);
  });

  it('gives no byte away for nothing', () => {
    expect(
      spreadBits(question([10, 10], 1000), (layer, bits) => (layer === 0 ? 1 : falling(1)(bits))),
    ).toEqual([2, 8]);
  });
});
