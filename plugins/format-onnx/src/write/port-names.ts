import type { LayerGraph } from '@tersor/core';

/** Names of a network's inputs and outputs, in its order. */
export interface PortNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The names that an imported ONNX file had (`userDefinedMetadata.onnx`, which goes with the network through
 * all files that Tersor writes), as far as they are there for all; else those of the layers.
 */
export function portNames(graph: LayerGraph): PortNames {
  const given = (graph.metadata?.userDefinedMetadata?.['onnx'] ?? {}) as Partial<
    Record<keyof PortNames, unknown>
  >;
  const taken = new Set<string>();
  const unique = (name: string) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
  const namesOf = (calls: readonly number[], side: keyof PortNames) => {
    const stated = given[side];
    const isWhole =
      Array.isArray(stated) &&
      stated.length === calls.length &&
      stated.every((name) => typeof name === 'string' && name !== '');
    return calls.map((call, i) => unique(isWhole ? (stated[i] as string) : graph.calls[call]!.layer));
  };
  return { inputs: namesOf(graph.inputs, 'inputs'), outputs: namesOf(graph.outputs, 'outputs') };
}
