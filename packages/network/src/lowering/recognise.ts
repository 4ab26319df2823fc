import type { GraphLayer, LayerGraph } from '@tersor/core';
import { callsOf, layersByName, soleReader } from '../graph/walk.js';
import { removeLayers } from '../surgery/remove-layers.js';
import { hardSigmoidLayer, limitedRelu, reluLimit } from './activations.js';
import { affineOf } from './affine.js';
import type { LoweredLayer } from './lowered-layer.js';

/** Allowed relative difference between a constant in a file and the expected number. */
const TOLERANCE = 1e-6;

/** A match: layer `layer` becomes `becomes`, and the layers in `gone` are removed. */
interface Found {
  readonly layer: string;
  readonly becomes: LoweredLayer;
  readonly gone: readonly string[];
}

/** A graph with look-ups for matching. */
interface Source {
  readonly graph: LayerGraph;
  /** The layer of a call; undefined if it is called more than once. */
  at(call: number | undefined): GraphLayer | undefined;
  /** The only reader of a call; undefined if there are none or several. */
  next(call: number | undefined): number | undefined;
}

/**
 * Replaces activations that a file spells out in several layers with single ones: a hard sigmoid, `min(max(a
 * x + b, 0), m) / m`, even if the division comes after the product that it gates (a hard swish), and
 * `min(relu(x), m)`. The clipping layer keeps its name; nothing else may read the other layers.
 */
export function withSpelledActivations(graph: LayerGraph): LayerGraph {
  return replaced(replaced(graph, limitedAt), hardSigmoidAt);
}

function replaced(graph: LayerGraph, find: (source: Source, call: number) => Found | undefined): LayerGraph {
  const layers = layersByName(graph);
  const source: Source = {
    graph,
    at: (call) => {
      const name = call === undefined ? undefined : graph.calls[call]!.layer;
      return name !== undefined && callsOf(graph, name).length === 1 ? layers.get(name) : undefined;
    },
    next: (call) => (call === undefined ? undefined : soleReader(graph, call)),
  };
  const limits = graph.calls.flatMap(({ layer }, call) =>
    reluLimit(layers.get(layer)!) === undefined ? [] : [call],
  );
  const gone = new Set<string>();
  const becomes = new Map<string, LoweredLayer>();
  for (const call of limits) {
    const found = find(source, call);
    if (!found || [found.layer, ...found.gone].some((name) => gone.has(name) || becomes.has(name))) continue;
    found.gone.forEach((name) => gone.add(name));
    becomes.set(found.layer, found.becomes);
  }
  if (becomes.size === 0) return graph;
  const changed = graph.layers.map((layer): GraphLayer => {
    const own = becomes.get(layer.name);
    return own ? { ...layer, ...own, config: { ...own.config, name: layer.name }, weights: [] } : layer;
  });
  return removeLayers({ ...graph, layers: changed }, [...gone]);
}

/** Scale and offset of a layer that computes `x * scale + offset` with the same numbers for all channels. */
function numbersOf(layer: GraphLayer | undefined): { scale: number; offset: number } | undefined {
  const affine = layer && affineOf(layer);
  if (!affine) return undefined;
  const [scale, offset] = [affine.scale[0]!, affine.offset[0]!];
  const isSame = (values: ArrayLike<number>, value: number) =>
    Array.from(values).every((each) => each === value);
  return isSame(affine.scale, scale) && isSame(affine.offset, offset) ? { scale, offset } : undefined;
}

function isNear(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}

function hardSigmoidAt(source: Source, call: number): Found | undefined {
  const { graph, at, next } = source;
  const cut = at(call);
  const limit = cut && reluLimit(cut)!;
  const before = graph.calls[call]!.inputs[0]!;
  const shift = at(before);
  const line = numbersOf(shift);
  if (!cut || !shift || !line || limit === undefined || limit === Infinity || next(before) !== call)
    return undefined;
  const becomes = hardSigmoidLayer(line.scale / limit, line.offset / limit);
  if (limit === 1) return { layer: cut.name, becomes, gone: [shift.name] };
  const divides = (other: number | undefined) => {
    const numbers = numbersOf(at(other));
    return numbers?.offset === 0 && isNear(numbers.scale, 1 / limit);
  };
  const after = next(call);
  if (divides(after)) return { layer: cut.name, becomes, gone: [shift.name, at(after)!.name] };
  const isGate =
    at(after)?.className === 'Multiply' &&
    graph.calls[after!]!.inputs.filter((input) => input === call).length === 1;
  const product = isGate ? next(after) : undefined;
  return divides(product) ? { layer: cut.name, becomes, gone: [shift.name, at(product)!.name] } : undefined;
}

/** Matches `m - relu(m - relu(x))`, to which `min(relu(x), m)` is lowered if its input is not known. */
function limitedAt({ graph, at, next }: Source, call: number): Found | undefined {
  const cut = at(call);
  const turn = next(call);
  const second = next(turn);
  const back = next(second);
  const [turned, other, returned] = [at(turn), at(second), at(back)];
  const [there, here] = [numbersOf(turned), numbersOf(returned)];
  if (!cut || !turned || !other || !returned || reluLimit(cut) !== Infinity) return undefined;
  const isMinimum =
    reluLimit(other) === Infinity &&
    [there, here].every((line) => line?.scale === -1 && line.offset === there?.offset && line.offset > 0);
  if (!isMinimum || graph.outputs.includes(call)) return undefined;
  return {
    layer: cut.name,
    becomes: limitedRelu(there!.offset),
    gone: [turned.name, other.name, returned.name],
  };
}
