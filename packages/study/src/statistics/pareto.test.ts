import fc from 'fast-check';
import { paretoFront } from './pareto.js';

type Point = readonly [cost: number, gain: number];
const front = (points: readonly Point[]) =>
  paretoFront(
    points,
    ([cost]) => cost,
    ([, gain]) => gain,
  );

describe('paretoFront', () => {
  it('keeps the points that no other beats, cheapest first', () => {
    expect(
      front([
        [3, 9],
        [1, 5],
        [2, 4],
        [2, 7],
        [4, 9],
        [0, 1],
      ]),
    ).toEqual([5, 1, 3, 0]);
  });

  it('keeps equal points and is empty for none', () => {
    expect(
      front([
        [1, 1],
        [1, 1],
      ]),
    ).toEqual([0, 1]);
    expect(front([])).toEqual([]);
  });

  it('agrees with the definition, pair by pair', () => {
    const beats = ([c, g]: Point, [otherC, otherG]: Point) =>
      c <= otherC && g >= otherG && (c < otherC || g > otherG);
    const coordinate = fc.integer({ min: 0, max: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { maxLength: 30 }), (points) => {
        const expected = points.flatMap((point, i) =>
          points.some((other) => beats(other, point)) ? [] : [i],
        );
        expect([...front(points)].sort((a, b) => a - b)).toEqual(expected);
      }),
    );
  });

  it('takes n log n look-ups, not n squared', () => {
    const count = 20_000;
    const points = Array.from(
      { length: count },
      (_, i): Point => [(i * 7919) % 20_011, (i * 104_729) % 20_021],
    );
    let lookUps = 0;
    paretoFront(
      points,
      ([cost]) => (lookUps++, cost),
      ([, gain]) => (lookUps++, gain),
    );
    expect(lookUps).toBeLessThan(6 * count * Math.log2(count));
  });
});
