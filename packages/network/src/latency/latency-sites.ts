import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import { layersByName, neededCalls } from '../graph/walk.js';
import { factsOf } from '../layers/layer-table.js';

/** A part of a network that is timed as a unit: a layer with those fused to it. */
export interface LatencySite {
  /** Name of its first layer; `name#2`, ... for further calls of a shared layer. */
  readonly name: string;
  readonly className: string;
  /** Its calls: the layer, then those that ride on it (`LayerFacts.rides`). */
  readonly calls: readonly number[];
  /**
   * Whether its time depends on input and output channels separately (convolution, dense), or on output
   * channels only.
   */
  readonly mixes: boolean;
}

/**
 * The sites that a network's first output needs, in order. Removing channels does not change them.
 */
export function latencySites(graph: LayerGraph): LatencySite[] {
  const layers = layersByName(graph);
  const needed = [...neededCalls(graph, [graph.outputs[0]!])].sort((a, b) => a - b);
  const readers = graph.calls.map(() => 0);
  for (const call of needed) for (const input of graph.calls[call]!.inputs) readers[input]!++;
  for (const output of graph.outputs) readers[output]!++;
  const sites: (LatencySite & { readonly calls: number[] })[] = [];
  const siteOf = new Map<number, (typeof sites)[number]>();
  const names = new Map<string, number>();
  for (const index of needed) {
    const { layer: name, inputs } = graph.calls[index]!;
    const layer = layers.get(name)!;
    if (graph.inputs.includes(index)) continue;
    const before = siteOf.get(inputs[0]!);
    if (
      before &&
      inputs.length === 1 &&
      readers[inputs[0]!] === 1 &&
      rides(layer, graph.calls[before.calls[0]!]!)
    ) {
      before.calls.push(index);
      siteOf.set(index, before);
      continue;
    }
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    const site = {
      name: count === 1 ? name : `${name}#${count}`,
      className: layer.className,
      calls: [index],
      mixes: mixesChannels(layer),
    };
    sites.push(site);
    siteOf.set(index, site);
  }
  return sites;
}

/** Whether a layer is timed with the one before it: timed alone, it would be counted twice. */
function rides(layer: GraphLayer, on: LayerCall): boolean {
  const riding = factsOf(layer)?.rides;
  // A layer with several inputs is timed with inputs of equal shape, so a reshape after it would not fit.
  return riding === 'always' || (riding === 'after one input' && on.inputs.length === 1);
}

function mixesChannels(layer: GraphLayer): boolean {
  const facts = factsOf(layer);
  return (
    (facts?.weights?.some(({ role }) => role === 'produces') ?? false) && !facts?.blocks?.(layer)?.isTied
  );
}
