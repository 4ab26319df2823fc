import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import { producedChannels } from '../surgery/output-shapes.js';

/** A place in a network that is timed as one. */
export interface LatencySite {
  /** Name of its first layer; `name#2`, ... for further calls of a shared layer. */
  readonly name: string;
  readonly className: string;
  /** Calls that it covers: the layer, then what rides on it. */
  readonly calls: readonly number[];
  /**
   * Whether its time depends on input and output channels apart (convolution, dense); else the output says it
   * all.
   */
  readonly mixes: boolean;
}

/**
 * What a backend fuses into the layer before, or what costs nothing there; timed alone they would be counted
 * twice.
 */
const RIDERS = new Set([
  'BatchNormalization',
  'Activation',
  'ReLU',
  'LeakyReLU',
  'Softmax',
  'Dropout',
  'SpatialDropout2D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
]);
/** These ride, too, but not on a layer of several inputs, which is timed with inputs of one shape. */
const RESHAPING = new Set(['Flatten', 'Reshape']);

/**
 * The places of a network, in order, that its first output needs. The same for every network that channels
 * were removed from.
 */
export function latencySites(graph: LayerGraph): LatencySite[] {
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const needed = neededCalls(graph);
  const readers = graph.calls.map(() => 0);
  for (const call of needed) for (const input of graph.calls[call]!.inputs) readers[input]!++;
  for (const output of graph.outputs) readers[output]!++;
  const sites: (LatencySite & { readonly calls: number[] })[] = [];
  const siteOf = new Map<number, (typeof sites)[number]>();
  const names = new Map<string, number>();
  for (const index of needed) {
    const { layer: name, inputs } = graph.calls[index]!;
    const layer = layers.get(name)!;
    if (layer.className === 'InputLayer') continue;
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

function rides({ className }: GraphLayer, on: LayerCall): boolean {
  return RIDERS.has(className) || (RESHAPING.has(className) && on.inputs.length === 1);
}

function mixesChannels(layer: GraphLayer): boolean {
  return layer.className !== 'DepthwiseConv2D' && producedChannels(layer) !== undefined;
}

/** Calls that lead to the first output, ascending. */
function neededCalls(graph: LayerGraph): number[] {
  const needed = new Set<number>([graph.outputs[0]!]);
  for (let index = graph.calls.length - 1; index >= 0; index--)
    if (needed.has(index)) graph.calls[index]!.inputs.forEach((input) => needed.add(input));
  return [...needed].sort((a, b) => a - b);
}
