import type { GraphLayer, LayerBits, QuantizeTask } from '@tersor/core';
import type { EncodedWeights } from '../policy/quantized-graph.js';
import { bitQuestion, greedyBits, uniformBits } from './bit-heuristics.js';
import { activationBits, createBitWalls, type BitWalls } from './bit-walls.js';
import { createLayerCodes, type LayerCodes } from './layer-codes.js';
import type { ErrorOf } from './least-error-bits.js';
import { pluginHeuristics } from './plugin-heuristics.js';

/** What layers may have in a quantization task, and what heuristics give them. */
export interface BitChoices {
  /** Those that get bits, in the task's order. */
  readonly layers: readonly GraphLayer[];
  readonly codes: LayerCodes;
  /** The layers' codes at these bits. */
  encodedAt(bits: readonly LayerBits[]): EncodedWeights;
  readonly walls: BitWalls;
  /** What layers lose at their bits: of the task, else the errors of their weights. */
  errors(): Promise<ErrorOf>;
  /** Heuristics by name: bits for all layers, which keep all limits. */
  readonly heuristics: Readonly<Record<string, () => Promise<readonly LayerBits[]>>>;
}

/** Throws `BUDGET_INFEASIBLE` where the fewest bits do not keep the limits. */
export function createBitChoices(task: QuantizeTask): BitChoices {
  const layers = task.layers.map((name) => task.graph.layers.find((layer) => layer.name === name)!);
  const codes = createLayerCodes(task.quantizer);
  const encodedAt = (bits: readonly LayerBits[]): EncodedWeights =>
    new Map(layers.flatMap((layer, i) => [...codes.encode(layer, bits[i]!.weights)]));
  const walls = createBitWalls(task, layers, codes, encodedAt);
  const uniform = () => uniformBits(layers, task.bits, activationBits(task), walls);
  const question = () => bitQuestion(layers, task.bits, uniform()[0]!.activations, walls, codes);
  return {
    layers,
    codes,
    encodedAt,
    walls,
    errors: async () => {
      const asked = question();
      return task.errors ? task.errors(asked) : asked.error;
    },
    heuristics: {
      uniform: async () => uniform(),
      magnitude: async () => greedyBits(layers, task.bits, uniform()[0]!.activations, walls, codes),
      ...Object.fromEntries(
        [...pluginHeuristics([task.quantizer])].map(([name, heuristic]) => [
          name,
          async () => {
            const { activations } = uniform()[0]!;
            return (await heuristic(question())).map((weights) => ({ weights, activations }));
          },
        ]),
      ),
    },
  };
}
