import { clamp, normalizeColumns } from './observation.js';

describe('normalizeColumns', () => {
  it('scales each column to 0..1 and a constant one to 0', () => {
    expect(
      normalizeColumns([
        [1, 5],
        [3, 5],
        [2, 5],
      ]),
    ).toEqual([
      [0, 0],
      [1, 0],
      [0.5, 0],
    ]);
  });
  it('takes an empty table', () => expect(normalizeColumns([])).toEqual([]));
});

describe('clamp', () => {
  it('moves a value into the range', () =>
    expect([clamp(-1, 0, 2), clamp(1, 0, 2), clamp(3, 0, 2)]).toEqual([0, 1, 2]));
});
