import type { BitQuestion } from '@tersor/core';

/**
 * Bits by error per byte: starts from the fewest, and gives bits, one or several at once, to the layer where
 * they lower the error the most for each byte more, until nothing fits. Steps of several bits let a layer
 * pass over numbers of bits that hardly help.
 * @param error of a layer (by its place in the question) at so many bits; the sum over the layers is what is
 *   kept small
 */
export function spreadBits(
  { layers, bits: [fewest, most], bytes, fits }: BitQuestion,
  error: (layer: number, bits: number) => number,
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
