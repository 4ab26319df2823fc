import type { LayerGraph } from '@tersor/core';
import { channelsFirst } from './value.js';

/** An input or output of the file: its name, and for each of its axes the axis of a sample. */
export interface Port {
  readonly name: string;
  readonly axes: readonly number[];
}

/** Inputs and outputs of a network, in its order. */
export interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** What the reader of ONNX files records in `userDefinedMetadata.onnx` for each input and output. */
interface Stated {
  readonly name: string;
  /** For each axis of the network the axis of the file, where the batch is 0. */
  readonly order: readonly number[];
}

/**
 * Inputs and outputs with the names and axis orders of the imported ONNX file, which are kept in all files
 * that Tersor writes. Otherwise they are named after the layers and have their channels first.
 */
export function portsOf(graph: LayerGraph): Ports {
  const given = (graph.metadata?.userDefinedMetadata?.['onnx'] ?? {}) as Partial<
    Record<keyof Ports, unknown>
  >;
  const taken = new Set<string>();
  const unique = (name: string) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
  const side = (calls: readonly number[], stated: unknown): Port[] => {
    const ends = Array.isArray(stated) && stated.length === calls.length ? (stated as unknown[]) : [];
    return calls.map((call, i) => {
      const { layer, outputShape } = graph.calls[call]!;
      const end = (ends[i] ?? {}) as Partial<Stated>;
      return {
        name: unique(typeof end.name === 'string' && end.name !== '' ? end.name : layer),
        axes: statedAxes(end.order, outputShape.length) ?? channelsFirst(outputShape.length),
      };
    });
  };
  return { inputs: side(graph.inputs, given.inputs), outputs: side(graph.outputs, given.outputs) };
}

/** Axes of a sample in the order of the file; `undefined` if the recorded order is not valid. */
function statedAxes(order: unknown, rank: number): number[] | undefined {
  if (!Array.isArray(order) || order.length !== rank + 1 || order[0] !== 0) return undefined;
  const axes = Array.from({ length: rank }, (_, axis) => order.indexOf(axis + 1) - 1);
  return axes.includes(-2) ? undefined : axes;
}
