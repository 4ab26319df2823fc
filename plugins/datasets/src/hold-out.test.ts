import { holdOut } from './hold-out.js';

/** How many of each class a part has. */
function counts(labels: Uint8Array, part: readonly number[], classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => part.filter((i) => labels[i] === k).length);
}

/** Fisher and Yates, with the numbers of xorshift. */
function shuffle(labels: number[], seed: number): Uint8Array {
  let state = seed * 2654435761;
  for (let i = labels.length - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    [labels[i], labels[j]] = [labels[j]!, labels[i]!];
  }
  return Uint8Array.from(labels);
}

const sorted = (sizes: readonly number[]) =>
  Uint8Array.from(sizes.flatMap((size, k) => Array<number>(size).fill(k)));

describe('holdOut', () => {
  it('takes the last records where the classes alternate, or lie in a random order', () => {
    const alternating = Uint8Array.from({ length: 300 }, (_, i) => i % 4);
    expect(holdOut(alternating, 4, 60).validation).toEqual(Array.from({ length: 60 }, (_, i) => 240 + i));
    for (let seed = 1; seed <= 50; seed++) {
      // A class of three records lacks in the last tenth more often than not, which is no reason to choose
      // others.
      const shuffled = shuffle(
        Array.from({ length: 500 }, (_, i) => (i < 3 ? 9 : i % 9)),
        seed,
      );
      expect(holdOut(shuffled, 10, 50).validation[0]).toBe(450);
    }
  });

  it.each([
    ['one class would be the validation split', [50, 50, 50, 50], 20, [5, 5, 5, 5]],
    ['one class would be left for training', [50, 50, 50, 50], 160, [40, 40, 40, 40]],
    ['classes differ in size', [120, 60, 20], 50, [30, 15, 5]],
    ['shares are not whole', [10, 10, 10], 10, [4, 3, 3]],
    ['there are two classes', [100, 100], 30, [15, 15]],
  ])('takes as many of each class from a file that is sorted by class: %s', (_, sizes, count, expected) => {
    const labels = sorted(sizes);
    const { train, validation } = holdOut(labels, sizes.length, count);
    expect(counts(labels, validation, sizes.length)).toEqual(expected);
    expect(counts(labels, train, sizes.length)).toEqual(sizes.map((size, k) => size - expected[k]!));
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
    expect(validation).toEqual([...validation].sort((a, b) => a - b));
  });

  it('takes nothing when nothing is asked for', () => {
    expect(holdOut(sorted([3, 3]), 2, 0)).toEqual({ train: [0, 1, 2, 3, 4, 5], validation: [] });
  });
});
