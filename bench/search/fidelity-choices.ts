// Ways to choose one of many candidates with few looks at images, played over what was measured.
import { createRandom } from '@tersor/core';
import { halvingLooks } from '../../packages/compression/src/search/halving.js';

export interface Candidate {
  /** Of its outputs from the original's, of each image of the search. */
  readonly divergences: readonly number[];
  /** Accuracy on the test images. */
  readonly test: number;
  /** Seconds that making the network took, and running it over the images. */
  readonly making: number;
  readonly measuring: number;
  /** Where it was measured. */
  readonly machine: unknown;
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
  const row = (name: string, play: () => Choice) => {
    const plays = Array.from({ length: ORDERS }, play);
    const mean = (of: (each: Choice) => number) => plays.reduce((sum, each) => sum + of(each), 0) / ORDERS;
    const share = mean(({ looks }) => looks) / (all.length * images);
    return {
      name,
      images: share,
      /** Of the time that making and measuring all on all images takes. */
      time: (making + share * measuring) / (making + measuring),
      test: mean(({ chosen }) => chosen.test),
      place: mean(({ chosen }) => 1 + byTest.indexOf(chosen)),
    };
  };
  const atOnce = Object.entries(waysOf(all.length, images)).map(([name, rounds]) => {
    const random = createRandom(seed, 'orders of images');
    const looks = rounds.reduce(
      (sum, round, i) => sum + round.candidates * (round.images - (rounds[i - 1]?.images ?? 0)),
      0,
    );
    return row(name, () => ({ chosen: winner(all, rounds, random.permutation(images)), looks }));
  });
  const inTurn = IN_TURN.map(({ name, first, keep }) => {
    const random = createRandom(seed, 'orders of images and candidates');
    const rule = { images: Math.round(first * images), keep };
    return row(name, () => oneAfterTheOther(all, rule, random));
  });
  return [...atOnce, ...inTurn];
}

/** What was chosen, and how many looks at images it took. */
interface Choice {
  readonly chosen: Candidate;
  readonly looks: number;
}

/** `racing: { by: halving }`, as `images` and `keep` say. */
const IN_TURN = [
  { name: 'halving in turn, the better half goes on', first: 1 / 16, keep: 1 / 2 },
  { name: 'halving in turn, the best quarter goes on', first: 1 / 16, keep: 1 / 4 },
];

/** Candidates come in any order after the first, the heuristic, and race as those of a search do. */
function oneAfterTheOther(
  all: readonly Candidate[],
  rule: { readonly images: number; readonly keep: number },
  random: ReturnType<typeof createRandom>,
): Choice {
  const count = all[0]!.divergences.length;
  const order = random.permutation(count);
  const arrivals = [all[0]!, ...random.permutation(all.length - 1).map((i) => all[i + 1]!)];
  const others: { looks: number[] }[] = [];
  let chosen = { candidate: all[0]!, reward: -Infinity };
  let images = 0;
  for (const each of arrivals) {
    const looks: number[] = [];
    const candidate = { policy: undefined, rewardAt: (_accuracy: number, divergence = NaN) => -divergence };
    const isLost = halvingLooks(rule, { count, candidate, looks, others, best: chosen.reward });
    let [sum, seen] = [0, 0];
    do {
      const next = order.slice(seen, seen + rule.images);
      sum += next.reduce((total, image) => total + each.divergences[image]!, 0);
      seen += next.length;
    } while (seen < count && !isLost(0, seen, sum / seen));
    if (seen === count && -sum / seen > chosen.reward) chosen = { candidate: each, reward: -sum / seen };
    others.push({ looks });
    images += seen;
  }
  return { chosen: chosen.candidate, looks: images };
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
