import type { LayerGraph } from '@tersor/core';
import type { NetworkFigures } from './pipeline-types.js';
import { originalNotice, resultNotices } from './result-notices.js';

const figures = (test: number, bytes = 4000): NetworkFigures => ({
  accuracy: { validation: test, test },
  parameters: 1000,
  macs: 1,
  macsWithoutZeroSlices: 1,
  bytes,
});
const graph = {
  layers: [
    {
      name: 'a',
      weights: [{ name: 'kernel', shape: [1000], data: new Float32Array(1000), trainable: true }],
    },
  ],
} as unknown as LayerGraph;
const guessing = { classes: 10, images: 1000 };
const notices = (before: number, after: number, bytes?: number) =>
  resultNotices({ baseline: figures(before, bytes), compressed: figures(after), original: graph, guessing });

describe('resultNotices', () => {
  it('warns of a loss of five points and more, and of none below', () => {
    expect(notices(0.9, 0.24)).toEqual([
      expect.stringMatching(/^Warning: the test accuracy fell by 66\.00 points, from 90\.00% to 24\.00%\. /),
    ]);
    expect(notices(0.9, 0.85)).toHaveLength(1);
    expect(notices(0.9, 0.855)).toEqual([]);
    expect(notices(0.9, 0.95)).toEqual([]);
  });

  it('warns of an accuracy that guessing reaches, within two standard errors', () => {
    expect(notices(0.14, 0.118)).toEqual([
      expect.stringMatching(
        /^Warning: the compressed network is no better than guessing among 10 classes: its test accuracy fell from 14\.00% to 11\.80%/,
      ),
    ]);
    expect(notices(0.14, 0.12)).toEqual([]);
  });

  it('says why networks in float32 are larger than an original that is not', () => {
    expect(notices(0.9, 0.9, 1500)).toEqual([
      expect.stringMatching(
        /in fewer than 4 bytes each: 1,500 bytes, which are 4,000 as float32.*of the files of the original as they are/,
      ),
    ]);
  });
});

it('says before a search that the original only guesses', () => {
  expect(originalNotice(figures(0.1), guessing)).toMatch(/right on 10\.00% .* guessing among 10 classes/);
  expect(originalNotice(figures(0.2), guessing)).toBeUndefined();
});
