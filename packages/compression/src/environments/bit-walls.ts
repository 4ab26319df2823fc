import { TersorError, type GraphLayer, type LayerBits, type QuantizeTask } from '@tersor/core';
import { FLOAT_BITS } from '@tersor/network';
import { packModel } from '../pack/pack-model.js';
import type { EncodedWeights } from '../policy/quantized-graph.js';
import type { BitRange } from './bit-actions.js';
import type { LayerCodes } from './layer-codes.js';
import { clamp } from './observation.js';

/** The hard limits of stage 2. Layers are named by their place in the task. */
export interface BitWalls {
  /** Each limit, asked of bits for all layers. */
  readonly limits: readonly {
    readonly name: string;
    readonly limit: number;
    of(bits: readonly LayerBits[]): number;
  }[];
  /**
   * The bits at or below the proposed ones that still fit when all layers after `chosen` are at their
   * fewest.
   */
  lower(proposed: LayerBits, chosen: readonly LayerBits[]): LayerBits;
  /** What each limit leaves for the next layer beyond its fewest bits, as a share of its most. */
  spare(chosen: readonly LayerBits[]): readonly number[];
  /** Whether bits for all layers keep all limits. */
  fits(bits: readonly LayerBits[]): boolean;
}

/** What one limit is made of: each layer's own part, and the sum that they may reach. */
interface Wall {
  readonly available: number;
  part(index: number, bits: LayerBits): number;
  /** Whether the bits of activations count. */
  readonly countsActivations: boolean;
}

/** Throws `BUDGET_INFEASIBLE` where the fewest bits do not fit, with what they need. */
export function createBitWalls(
  task: QuantizeTask,
  layers: readonly GraphLayer[],
  codes: LayerCodes,
  encodedAt: (bits: readonly LayerBits[]) => EncodedWeights,
): BitWalls {
  const [smallest, largest] = [0, 1].map(
    (end): LayerBits => ({ weights: task.bits[end]!, activations: activationBits(task)[end]! }),
  ) as [LayerBits, LayerBits];
  const all = layers.map(() => smallest);
  const prepared = task.limits.map((limit) => ({
    ...limit.prepare({
      graph: task.graph,
      layers,
      smallest,
      bytes: (layer, bits) => codes.size(layers[layer]!, bits),
      fileBytes: (bits) => packModel(task.graph, encodedAt(bits)).length,
    }),
    facts: limit,
  }));
  const limits = prepared.map(({ fixed, part, facts: { name, limit } }) => ({
    name,
    limit,
    of: (bits: readonly LayerBits[]) => fixed + sum(bits.map((each, i) => part(i, each))),
  }));
  const walls = prepared.map(({ fixed, part, facts }): Wall => {
    const needed = fixed + sum(all.map((bits, i) => part(i, bits)));
    const countsActivations = layers.some((_layer, i) =>
      [smallest.activations, FLOAT_BITS].some(
        (activations) => part(i, { ...smallest, activations }) !== part(i, { ...smallest, activations: 1 }),
      ),
    );
    if (needed > facts.limit) throw infeasible(facts, needed, smallest, countsActivations);
    return { available: facts.limit - fixed, part, countsActivations };
  });
  const room = ({ available, part }: Wall, chosen: readonly LayerBits[]) =>
    available -
    sum(chosen.map((bits, i) => part(i, bits))) -
    sum(all.slice(chosen.length + 1).map((bits, i) => part(chosen.length + 1 + i, bits)));
  return {
    limits,
    lower: (proposed, chosen) => {
      let { weights, activations } = proposed;
      for (const wall of walls) {
        const left = room(wall, chosen);
        while (wall.part(chosen.length, { weights, activations }) > left) {
          // One bit less for the larger of the two, which costs the least precision, as long as it has one to
          // give.
          const fromActivations =
            wall.countsActivations &&
            activations > smallest.activations &&
            (activations >= weights || weights === smallest.weights);
          if (fromActivations) activations--;
          else if (weights > smallest.weights) weights--;
          else break;
        }
      }
      return { weights, activations };
    },
    spare: (chosen) => {
      const index = chosen.length;
      if (index >= layers.length) return walls.map(() => 0);
      return walls.map((wall) =>
        clamp(
          (room(wall, chosen) - wall.part(index, smallest)) / Math.max(1, wall.part(index, largest)),
          0,
          1,
        ),
      );
    },
    fits: (bits) => limits.every(({ limit, of }) => of(bits) <= limit),
  };
}

/** Range of a layer's activation bits; those of floats where they are not rounded. */
export function activationBits({ activations }: Pick<QuantizeTask, 'activations'>): BitRange {
  return activations?.bits ?? [FLOAT_BITS, FLOAT_BITS];
}

function infeasible(
  { name, limit, format, reached = 'the network has' }: QuantizeTask['limits'][number],
  needed: number,
  { weights, activations }: LayerBits,
  countsActivations: boolean,
): TersorError {
  const bits = countsActivations ? `${weights} x ${activations}` : String(weights);
  const fewer = countsActivations ? 'fewer bits or quantize activations' : 'fewer bits';
  return new TersorError(
    'BUDGET_INFEASIBLE',
    `quantize.budget.${name} is ${format(limit, Math.floor)}, but with every layer at ${bits} bits ${reached} ${format(needed, Math.ceil)}.`,
    {
      hint: `Set it to ${format(needed, Math.ceil)} or more, allow ${fewer} (with --resume, stage 1 is kept), or prune more.`,
    },
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
