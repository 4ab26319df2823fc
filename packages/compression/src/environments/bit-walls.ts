import { TersorError, type GraphLayer, type QuantizeTask } from '@tersor/core';
import { bitOperations, FLOAT_BITS, cost, type Widths } from '@tersor/network';
import { packModel } from '../pack/pack-model.js';
import type { EncodedWeights } from '../policy/quantized-graph.js';
import type { BitRange } from './bit-actions.js';
import type { LayerCodes } from './layer-codes.js';
import { clamp } from './observation.js';

/** The hard limits of stage 2. Layers are named by their place in the task. */
export interface BitWalls {
  /** How many limits there are. */
  readonly count: number;
  /** Bytes for the codes of all layers together: what the rest of the file leaves. */
  readonly bytes: number;
  /**
   * The widths at or below the proposed ones that still fit when all layers after `chosen` are at their
   * smallest.
   */
  lower(proposed: Widths, chosen: readonly Widths[]): Widths;
  /** What each limit leaves for the next layer beyond its smallest widths, as a share of its largest. */
  spare(chosen: readonly Widths[]): readonly number[];
  /** Whether widths for all layers are within the limit of bit operations. */
  fitsOperations(widths: readonly Widths[]): boolean;
  /** Each limit, asked of widths for all layers. */
  readonly limits: readonly {
    readonly name: string;
    readonly limit: number;
    of(widths: readonly Widths[]): number;
  }[];
}

/** What one limit is made of: each layer's own part, and the sum that they may reach. */
interface Wall {
  readonly name: string;
  readonly available: number;
  /** What is used whatever the layers have. */
  readonly fixed: number;
  part(index: number, widths: Widths): number;
}

/** Throws `BUDGET_INFEASIBLE` where the smallest widths do not fit, with what they need. */
export function createBitWalls(
  task: QuantizeTask,
  layers: readonly GraphLayer[],
  codes: LayerCodes,
  encodedAt: (widths: readonly Widths[]) => EncodedWeights,
): BitWalls {
  const [smallest, largest] = [0, 1].map(
    (end): Widths => ({ weights: task.bits[end]!, activations: activationBits(task)[end]! }),
  ) as [Widths, Widths];
  const all = layers.map(() => smallest);
  const bytes = byteWall(task, layers, codes, packModel(task.graph, encodedAt(all)).length);
  const operations =
    task.budget.bops === undefined ? undefined : operationWall(task, task.budget.bops, smallest);
  const walls = operations ? [bytes, operations] : [bytes];
  const room = ({ available, part }: Wall, chosen: readonly Widths[]) =>
    available -
    sum(chosen.map((widths, i) => part(i, widths))) -
    sum(all.slice(chosen.length + 1).map((widths, i) => part(chosen.length + 1 + i, widths)));
  return {
    count: walls.length,
    bytes: bytes.available,
    lower: (proposed, chosen) => {
      const index = chosen.length;
      let { weights, activations } = proposed;
      const bytesLeft = room(bytes, chosen);
      while (weights > smallest.weights && bytes.part(index, { weights, activations }) > bytesLeft) weights--;
      if (!operations) return { weights, activations };
      const operationsLeft = room(operations, chosen);
      while (operations.part(index, { weights, activations }) > operationsLeft) {
        // One bit less for the wider of the two, which costs the least precision, as long as it has one to
        // give.
        const fromActivations =
          activations > smallest.activations && (activations >= weights || weights === smallest.weights);
        if (fromActivations) activations--;
        else if (weights > smallest.weights) weights--;
        else break;
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
    limits: walls.map(({ name, available, fixed, part }) => ({
      name,
      limit: available + fixed,
      of: (widths) => fixed + sum(widths.map((each, i) => part(i, each))),
    })),
    fitsOperations: (widths) =>
      !operations || sum(widths.map((each, i) => operations.part(i, each))) <= operations.available,
  };
}

/** Range of a layer's activation bits; those of floats where they are not rounded. */
export function activationBits({ activations }: Pick<QuantizeTask, 'activations'>): BitRange {
  return activations?.bits ?? [FLOAT_BITS, FLOAT_BITS];
}

function byteWall(
  { budget, bits }: QuantizeTask,
  layers: readonly GraphLayer[],
  codes: LayerCodes,
  smallestFile: number,
): Wall {
  const part = (index: number, { weights }: Widths) => codes.size(layers[index]!, weights);
  const needed = sum(layers.map((layer) => codes.size(layer, bits[0])));
  const available = budget.bytes - (smallestFile - needed);
  if (needed > available) {
    throw new TersorError(
      'BUDGET_INFEASIBLE',
      `quantize.budget.bytes is ${Math.floor(budget.bytes)} bytes, but with every layer at ${bits[0]} bits the file has ${smallestFile}.`,
      {
        hint: `Set it to ${smallestFile} bytes or more or allow fewer bits (with --resume, stage 1 is kept), or prune more.`,
      },
    );
  }
  return { name: 'bytes', available, fixed: smallestFile - needed, part };
}

function operationWall({ graph, layers }: QuantizeTask, bops: number, smallest: Widths): Wall {
  const macs = new Map(cost(graph).layers.map((layer) => [layer.name, layer.macs]));
  const part = (index: number, { weights, activations }: Widths) =>
    macs.get(layers[index]!)! * weights * activations;
  const others = bitOperations(graph, (name) => (layers.includes(name) ? { weights: 0 } : {}));
  const needed = others + sum(layers.map((_layer, i) => part(i, smallest)));
  if (needed > bops) {
    throw new TersorError(
      'BUDGET_INFEASIBLE',
      `quantize.budget.bops is ${Math.floor(bops)} bit operations, but with every layer at ${smallest.weights} x ${smallest.activations} bits the network has ${needed}.`,
      {
        hint: `Set it to ${needed} or more, allow fewer bits or quantize activations (with --resume, stage 1 is kept), or prune more.`,
      },
    );
  }
  return { name: 'bops', available: bops - others, fixed: others, part };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
