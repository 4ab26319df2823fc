import { probedErrors } from './probed-errors.js';

const line = (channels: number, step: number) =>
  Float64Array.from({ length: channels + 1 }, (_, i) => i * step);

describe('errors on the scale of the outputs', () => {
  it('are the measured divergences where the group was probed, and scaled alike between', async () => {
    const probed: number[] = [];
    const curve = await probedErrors(line(16, 0.01), async (channels) => {
      probed.push(channels);
      return 3 * 0.01 * (16 - channels);
    });
    // An eighth, a quarter, a half, and seven tenths of 16.
    expect(probed).toEqual([14, 12, 8, 5]);
    expect(curve[0]).toBe(0);
    curve.forEach((error, removed) => expect(error).toBeCloseTo(0.03 * removed, 12));
  });

  it('follow a weight that changes with the count, and never fall', async () => {
    const divergences: Record<number, number> = { 14: 0.5, 12: 0.1, 8: 0.2, 5: 0.9 };
    const curve = await probedErrors(line(16, 0.01), async (channels) => divergences[channels]!);
    expect(curve[2]).toBeCloseTo(0.5, 12);
    expect(curve[4]).toBeCloseTo(0.5, 12);
    expect(curve[11]).toBeCloseTo(0.9, 12);
    expect([...curve]).toEqual([...curve].sort((a, b) => a - b));
  });

  it('probe each count once, and never a group without channels', async () => {
    const probed: number[] = [];
    await probedErrors(line(2, 0.1), async (channels) => {
      probed.push(channels);
      return 0.1;
    });
    expect(probed).toEqual([1]);
    expect(await probedErrors(line(1, 0.1), async () => NaN)).toEqual(line(1, 0.1));
  });
});
