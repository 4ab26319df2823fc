import type { BitQuestion, GraphLayer } from '@tersor/core';
import type { Widths } from '@tersor/network';
import type { BitRange } from './bit-actions.js';
import type { BitWalls } from './bit-walls.js';
import type { LayerCodes } from './layer-codes.js';

/** What the heuristics have to keep to. */
export interface BitLimits {
  /** Bytes for the codes of all layers together. */
  readonly bytes: number;
  fitsOperations(widths: readonly Widths[]): boolean;
}

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
 * The largest widths that fit when every layer has the same. Of a network whose activations have widths too:
 * the pair whose narrower width is the widest, and of several such the one with the most bits together,
 * rather for activations, which cost no bytes.
 */
export function uniformWidths(
  layers: readonly GraphLayer[],
  weights: BitRange,
  activations: BitRange,
  limits: BitLimits,
  codes: LayerCodes,
): Widths[] {
  const total = (width: number) => layers.reduce((sum, layer) => sum + codes.size(layer, width), 0);
  const rank = (widths: Widths) =>
    Math.min(widths.weights, widths.activations) * 100 + widths.weights + widths.activations;
  let best: Widths = { weights: weights[0], activations: activations[0] };
  for (const width of descending(weights).filter((bits) => total(bits) <= limits.bytes)) {
    for (const activation of descending(activations)) {
      const pair = { weights: width, activations: activation };
      if (rank(pair) >= rank(best) && limits.fitsOperations(layers.map(() => pair))) best = pair;
    }
  }
  return layers.map(() => best);
}

/**
 * Starts from the smallest widths and gives one bit more, again and again, to the layer where it lowers the
 * relative squared error of the weights most per byte. Activations have `activations` bits in all layers.
 */
export function greedyWidths(
  layers: readonly GraphLayer[],
  [minimum, maximum]: BitRange,
  activations: number,
  limits: BitLimits,
  codes: LayerCodes,
): Widths[] {
  let widths: Widths[] = layers.map(() => ({ weights: minimum, activations }));
  let spent = layers.reduce((sum, layer) => sum + codes.size(layer, minimum), 0);
  for (;;) {
    let best: { widths: Widths[]; price: number; gain: number } | undefined;
    layers.forEach((layer, index) => {
      const width = widths[index]!.weights;
      if (width >= maximum) return;
      const price = Math.max(1, codes.size(layer, width + 1) - codes.size(layer, width));
      const gain = (codes.error(layer, width) - codes.error(layer, width + 1)) / price;
      if (spent + price > limits.bytes || (best && gain <= best.gain)) return;
      const wider = widths.map((each, i) => (i === index ? { weights: width + 1, activations } : each));
      if (limits.fitsOperations(wider)) best = { widths: wider, price, gain };
    });
    if (!best) return widths;
    widths = best.widths;
    spent += best.price;
  }
}

function descending([minimum, maximum]: BitRange): number[] {
  return Array.from({ length: maximum - minimum + 1 }, (_, i) => maximum - i);
}
