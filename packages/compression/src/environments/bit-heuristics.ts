import type { GraphLayer } from '@tersor/core';
import type { LayerCodes } from './layer-codes.js';

type BitRange = readonly [minimum: number, maximum: number];

/** The largest bit width that fits when every layer has the same. */
export function uniformBits(layers: readonly GraphLayer[], [minimum, maximum]: BitRange, bytes: number, codes: LayerCodes): number[] {
  const total = (width: number) => layers.reduce((sum, layer) => sum + codes.size(layer, width), 0);
  let width = maximum;
  while (width > minimum && total(width) > bytes) width--;
  return layers.map(() => width);
}

/**
 * Starts from the smallest widths and gives one bit more, again and again, to the layer where it lowers the relative squared error of the
 * weights most per byte.
 */
export function greedyBits(layers: readonly GraphLayer[], [minimum, maximum]: BitRange, bytes: number, codes: LayerCodes): number[] {
  const bits = layers.map(() => minimum);
  let spent = layers.reduce((sum, layer) => sum + codes.size(layer, minimum), 0);
  for (;;) {
    let best: { index: number; price: number; gain: number } | undefined;
    layers.forEach((layer, index) => {
      const width = bits[index]!;
      if (width >= maximum) return;
      const price = Math.max(1, codes.size(layer, width + 1) - codes.size(layer, width));
      const gain = (codes.error(layer, width) - codes.error(layer, width + 1)) / price;
      if (spent + price <= bytes && (!best || gain > best.gain)) best = { index, price, gain };
    });
    if (!best) return bits;
    bits[best.index]!++;
    spent += best.price;
  }
}
