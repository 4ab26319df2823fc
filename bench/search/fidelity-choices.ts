// Ways to choose one of many candidates with few looks at images, played over what was measured.
import { createRandom } from '@tersor/core';

export interface Candidate {
  /** Of its outputs from the original's, of each image of the search. */
  readonly divergences: readonly number[];
  /** Accuracy on the test images. */
  readonly test: number;
  /** Seconds that making the network took, and running it over the images. */
  readonly making: number;
  readonly measuring: number;
}

/** So many images for so many candidates, those that were best on the images before. */
type Rounds = readonly { readonly candidates: number; readonly images: number }[];

const ORDERS = 500;

/** Each way by its name: candidates and images as shares of all. */
function waysOf(count: number, images: number): Readonly<Record<string, Rounds>> {
  const part = (share: number) => Math.max(1, Math.round(share * images));
  const few = (share: number) => [{ candidates: count, images: part(share) }];
  const halving: { candidates: number; images: number }[] = [];
  for (let left = count, share = 1 / 16; ; left = Math.max(1, Math.ceil(left / 2)), share *= 2) {
    halving.push({ candidates: left, images: part(Math.min(1, share)) });
    if (share >= 1) break;
  }
  return {
    'all images': few(1),
    'half of the images': few(1 / 2),
    'a quarter': few(1 / 4),
    'an eighth': few(1 / 8),
    'a sixteenth': few(1 / 16),
    'an eighth, then all for the best quarter': [...few(1 / 8), { candidates: Math.ceil(count / 4), images }],
    'successive halving, from a sixteenth': halving,
  };
}

/** What each way chooses, over many orders of the images. */
export function played(
  all: readonly Candidate[],
  { making, measuring, seed }: { readonly making: number; readonly measuring: number; readonly seed: number },
) {
  const images = all[0]!.divergences.length;
  const byTest = [...all].sort((a, b) => b.test - a.test);
  return Object.entries(waysOf(all.length, images)).map(([name, rounds]) => {
    const random = createRandom(seed, 'orders of images');
    const looks = rounds.reduce(
      (sum, round, i) => sum + round.candidates * (round.images - (rounds[i - 1]?.images ?? 0)),
      0,
    );
    const chosen = Array.from({ length: ORDERS }, () => winner(all, rounds, random.permutation(images)));
    const mean = (of: (each: Candidate) => number) =>
      chosen.reduce((sum, each) => sum + of(each), 0) / ORDERS;
    const share = looks / (all.length * images);
    return {
      name,
      images: share,
      /** Of the time that making and measuring all on all images takes. */
      time: (making + share * measuring) / (making + measuring),
      test: mean(({ test }) => test),
      place: mean((each) => 1 + byTest.indexOf(each)),
    };
  });
}

function winner(all: readonly Candidate[], rounds: Rounds, order: readonly number[]): Candidate {
  let left = all;
  for (const { candidates, images } of [...rounds, { candidates: 1, images: 0 }]) {
    left = left.slice(0, candidates);
    const seen = order.slice(0, images);
    const summed = new Map(
      left.map((each) => [each, seen.reduce((sum, image) => sum + each.divergences[image]!, 0)]),
    );
    left = [...left].sort((a, b) => summed.get(a)! - summed.get(b)!);
  }
  return left[0]!;
}
