import type { BitErrors, BitQuestion } from '@tersor/core';
import { leastError } from './knapsack.js';

/** What a layer (by its place in the question) loses at so many bits; the sum is to be kept small. */
export type ErrorOf = Awaited<ReturnType<BitErrors>>;

/**
 * The bits with the least sum of errors that keep the limits: with one limit a knapsack problem, which is
 * solved exactly; with several, those that `bitsByErrorPerByte` gives.
 */
export function leastErrorBits(question: BitQuestion, error: ErrorOf): readonly number[] {
  const {
    limits: [only, ...others],
    layers,
    bits: [fewest, most],
  } = question;
  const greedy = bitsByErrorPerByte(question, error);
  if (!only || others.length > 0) return greedy;
  const smallest = layers.map(() => fewest);
  const base = only.of(smallest);
  const choices = layers.map((_layer, i) =>
    Array.from({ length: most - fewest + 1 }, (_, more) => ({
      size: only.of(smallest.with(i, fewest + more)) - base,
      error: error(i, fewest + more),
    })),
  );
  const known = greedy.reduce((sum, bits, i) => sum + error(i, bits), 0);
  const exact = leastError(choices, only.limit - base, known)?.map((more) => fewest + more);
  return exact && question.fits(exact) ? exact : greedy;
}

/**
 * Starts from the fewest, and gives bits, one or several at once, to the layer where they lower the error the
 * most for each byte more, until nothing fits. Steps of several bits let a layer pass over numbers of bits
 * that hardly help.
 */
export function bitsByErrorPerByte(
  { layers, bits: [fewest, most], bytes, fits }: BitQuestion,
  error: ErrorOf,
): number[] {
  let amounts = layers.map(() => fewest);
  for (;;) {
    let best: { amounts: number[]; gain: number } | undefined;
    amounts.forEach((amount, layer) => {
      for (let next = amount + 1; next <= most; next++) {
        const price = Math.max(1, bytes(layer, next) - bytes(layer, amount));
        const gain = (error(layer, amount) - error(layer, next)) / price;
        if (gain <= (best?.gain ?? 0)) continue;
        const more = amounts.with(layer, next);
        if (fits(more)) best = { amounts: more, gain };
      }
    });
    if (!best) return amounts;
    amounts = best.amounts;
  }
}
