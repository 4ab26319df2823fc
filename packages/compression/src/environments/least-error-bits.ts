import type { BitErrors, BitQuestion } from '@tersor/core';
import { bestPrices, leastError, type Choice } from './knapsack.js';

/** What a layer (by its place in the question) loses at so many bits; the sum is to be kept small. */
export type ErrorOf = Awaited<ReturnType<BitErrors>>;

/**
 * The bits with the least sum of errors that keep the limits: a knapsack problem, which is solved exactly.
 * With several limits and many layers that would take too long: then bits are given one after the other, by
 * the byte or by the limits' prices, whichever ends with less.
 */
export function leastErrorBits(question: BitQuestion, error: ErrorOf): readonly number[] {
  const { limits, layers } = question;
  const [fewest, most] = question.bits;
  const byByte = bitsByErrorPerByte(question, error);
  if (limits.length === 0) return byByte;
  const smallest = layers.map(() => fewest);
  const bases = limits.map(({ of }) => of(smallest));
  const choices = layers.map((_layer, i) =>
    Array.from(
      { length: most - fewest + 1 },
      (_, more): Choice => ({
        sizes: limits.map(({ of }, limit) => of(smallest.with(i, fewest + more)) - bases[limit]!),
        error: error(i, fewest + more),
      }),
    ),
  );
  const rooms = limits.map(({ limit }, i) => limit - bases[i]!);
  const sumOf = (bits: readonly number[]) => bits.reduce((sum, each, i) => sum + error(i, each), 0);
  let known = byByte;
  if (limits.length > 1) {
    const prices = bestPrices(choices, rooms, sumOf(byByte));
    const priceOf = (layer: number, bits: number) =>
      prices.reduce((sum, price, limit) => sum + price * choices[layer]![bits - fewest]!.sizes[limit]!, 0);
    const byPrice = bitsByGain(question, error, (layer, from, to) =>
      Math.max(Number.MIN_VALUE, priceOf(layer, to) - priceOf(layer, from)),
    );
    if (sumOf(byPrice) < sumOf(byByte)) known = byPrice;
  }
  const exact = leastError(choices, rooms, sumOf(known))?.map((more) => fewest + more);
  return exact && question.fits(exact) ? exact : known;
}

/** `bitsByGain` with the packed file's bytes as the price. */
export function bitsByErrorPerByte(question: BitQuestion, error: ErrorOf): number[] {
  const { bytes } = question;
  return bitsByGain(question, error, (layer, from, to) => Math.max(1, bytes(layer, to) - bytes(layer, from)));
}

/**
 * Starts from the fewest, and gives bits, one or several at once, to the layer where they lower the error the
 * most for their price, until nothing fits. Steps of several bits let a layer pass over numbers of bits that
 * hardly help.
 */
function bitsByGain(
  { layers, bits: [fewest, most], fits }: BitQuestion,
  error: ErrorOf,
  price: (layer: number, from: number, to: number) => number,
): number[] {
  let amounts = layers.map(() => fewest);
  for (;;) {
    let best: { amounts: number[]; gain: number } | undefined;
    amounts.forEach((amount, layer) => {
      for (let next = amount + 1; next <= most; next++) {
        const gain = (error(layer, amount) - error(layer, next)) / price(layer, amount, next);
        if (gain <= (best?.gain ?? 0)) continue;
        const more = amounts.with(layer, next);
        if (fits(more)) best = { amounts: more, gain };
      }
    });
    if (!best) return amounts;
    amounts = best.amounts;
  }
}
