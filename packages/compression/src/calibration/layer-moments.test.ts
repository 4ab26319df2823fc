import type { Calibration, Dataset } from '@tersor/core';
import { drawCalibrationImages } from './layer-moments.js';

const dataset = (count: number) => ({ id: 'made', size: () => count }) as unknown as Dataset;
const calibration = (given: Partial<Calibration>): Calibration => ({
  images: 300,
  points: 24,
  maximumInputs: 512,
  weights: 'probed',
  ...given,
});

describe('training images for calibration', () => {
  it('are not those that probes look at, where there are enough for both', () => {
    const { all, search, probes } = drawCalibrationImages(dataset(1000), calibration({}), 1);
    expect([all.length, search.length, probes.length]).toEqual([300, 300, 50]);
    expect(search).toBe(all);
    expect(probes.filter((image) => all.includes(image))).toEqual([]);
  });

  it('are fewer in the search where there are not, but not for the winner', () => {
    const { all, search, probes } = drawCalibrationImages(dataset(320), calibration({}), 1);
    expect([all.length, search.length, probes.length]).toEqual([300, 270, 50]);
    expect(all.slice(0, 270)).toEqual(search);
    expect(probes.filter((image) => search.includes(image))).toEqual([]);
  });

  it.each([
    [40, 30, 10],
    [4, 3, 1],
  ])('of %i in all leave a quarter for probes', (size, searched, probed) => {
    const { all, search, probes } = drawCalibrationImages(dataset(size), calibration({}), 1);
    expect([all.length, search.length, probes.length]).toEqual([size, searched, probed]);
  });

  it('are looked at by probes, too, where there are hardly any', () => {
    const { all, search, probes } = drawCalibrationImages(dataset(3), calibration({}), 1);
    expect(search).toBe(all);
    expect(probes).toEqual(all);
  });

  it('are all for the codes where nothing is probed', () => {
    const { all, search } = drawCalibrationImages(dataset(310), calibration({ weights: 'equal' }), 1);
    expect(search).toBe(all);
    expect(all).toHaveLength(300);
  });

  it('are named where there are none', () => {
    expect(() => drawCalibrationImages(dataset(0), calibration({}), 1)).toThrow(/has no training images/);
  });
});
