import type { BitQuestion, GraphLayer, LayerBits } from '@tersor/core';
import type { BitRange } from './bit-actions.js';
import type { BitWalls } from './bit-walls.js';
import type { LayerCodes } from './layer-codes.js';

/** What heuristics of quantizers are asked: bits of weights; activations have `activations` in all layers. */
export function bitQuestion(
  layers: readonly GraphLayer[],
  bits: BitRange,
  activations: number,
  { limits }: BitWalls,
  codes: LayerCodes,
): BitQuestion {
  const asked = limits.map(({ name, limit, of }) => ({
    name,
    limit,
    of: (amounts: readonly number[]) => of(amounts.map((weights) => ({ weights, activations }))),
  }));
  return {
    layers,
    bits,
    bytes: (layer, amount) => codes.size(layers[layer]!, amount),
    error: (layer, amount) => codes.error(layers[layer]!, amount),
    limits: asked,
    used: (amounts) => Math.max(...asked.map(({ limit, of }) => of(amounts) / limit)),
    fits: (amounts) => asked.every(({ limit, of }) => of(amounts) <= limit),
  };
}

/**
 * The most bits that fit when every layer has the same. Of a network whose activations have bits too: the
 * pair whose smaller number is the largest, and of several such the one with the most bits together, rather
 * for activations, which cost no bytes.
 */
export function uniformBits(
  layers: readonly GraphLayer[],
  weights: BitRange,
  activations: BitRange,
  { fits }: BitWalls,
): LayerBits[] {
  const rank = (bits: LayerBits) =>
    Math.min(bits.weights, bits.activations) * 100 + bits.weights + bits.activations;
  let best: LayerBits = { weights: weights[0], activations: activations[0] };
  for (const weight of descending(weights)) {
    for (const activation of descending(activations)) {
      const pair = { weights: weight, activations: activation };
      if (rank(pair) >= rank(best) && fits(layers.map(() => pair))) best = pair;
    }
  }
  return layers.map(() => best);
}

/**
 * Starts from the fewest bits and gives one more, again and again, to the layer where it lowers the relative
 * squared error of the weights most per byte. Activations have `activations` bits in all layers.
 */
export function greedyBits(
  layers: readonly GraphLayer[],
  [fewest, most]: BitRange,
  activations: number,
  { fits }: BitWalls,
  codes: LayerCodes,
): LayerBits[] {
  let bits: LayerBits[] = layers.map(() => ({ weights: fewest, activations }));
  for (;;) {
    let best: { bits: LayerBits[]; gain: number } | undefined;
    layers.forEach((layer, index) => {
      const { weights } = bits[index]!;
      if (weights >= most) return;
      const price = Math.max(1, codes.size(layer, weights + 1) - codes.size(layer, weights));
      const gain = (codes.error(layer, weights) - codes.error(layer, weights + 1)) / price;
      if (best && gain <= best.gain) return;
      const more = bits.with(index, { weights: weights + 1, activations });
      if (fits(more)) best = { bits: more, gain };
    });
    if (!best) return bits;
    bits = best.bits;
  }
}

function descending([minimum, maximum]: BitRange): number[] {
  return Array.from({ length: maximum - minimum + 1 }, (_, i) => maximum - i);
}
