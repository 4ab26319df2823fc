import {
  elementCount,
  type ChannelGroup,
  type LayerGraph,
  type PrunePlan,
  type WeightTensor,
} from '@tersor/core';
import { requireRule, requireSame } from '../contract-failure.js';

/** The largest distance of two lists' values. */
export function largestDifference(left: readonly number[], right: readonly number[]): number {
  return left.reduce((largest, value, i) => Math.max(largest, Math.abs(value - right[i]!)), 0);
}

/** A weight of a network that has it. */
export function weightOf(graph: LayerGraph, layer: string, weight: string): WeightTensor {
  return graph.layers.find(({ name }) => name === layer)!.weights.find(({ name }) => name === weight)!;
}

/** Calls, and sizes of all weights. */
export function shapesOf(graph: LayerGraph): unknown {
  return [
    graph.calls,
    graph.layers.map(({ weights }) => weights.map(({ name, shape, data }) => [name, shape, data.length])),
  ];
}

/** Number of weights' values. */
export function parameters(graph: LayerGraph): number {
  return graph.layers.reduce(
    (sum, { weights }) => sum + weights.reduce((values, { data }) => values + data.length, 0),
    0,
  );
}

/**
 * Some layers go, the plan names them all, and the others keep their weights' shapes: the budget's wall
 * counts on it.
 */
export function requireRemovedLayers(before: LayerGraph, after: LayerGraph, plan: PrunePlan): void {
  const planned = new Set(plan.flatMap(({ removeLayers = [] }) => removeLayers));
  requireRule(planned.size > 0, {
    member: 'plan',
    expected: 'layers in removeLayers, in a group that is to lose its block',
    found: 'none',
  });
  const left = before.layers.filter(({ name }) => !planned.has(name));
  requireSame(
    after.layers.map(({ name }) => name),
    left.map(({ name }) => name),
    'apply',
    'layers that are left',
  );
  const sizes = (graph: LayerGraph) =>
    graph.layers.map(({ name, weights }) => [name, weights.map(({ shape }) => shape)]);
  requireSame(sizes(after), sizes({ ...before, layers: left }), 'apply', 'sizes');
}

/**
 * The slices that the plan names are zero, the others are as they were, and their share is the planned one.
 */
export function requireZeroSlices(
  before: LayerGraph,
  after: LayerGraph,
  groups: readonly ChannelGroup[],
  plan: PrunePlan,
  share: number,
): void {
  plan.forEach(({ group: name, zeroSlices = [] }, i) => {
    const producers = groups[i]!.members.filter(({ role }) => role === 'produces');
    const total = producers.reduce(
      (sum, { layer, weight }) => sum + elementCount(weightOf(before, layer, weight).shape.slice(-2)),
      0,
    );
    const zeroed = zeroSlices.reduce((sum, { slices }) => sum + slices.length, 0);
    requireRule(Math.abs(zeroed - (1 - share) * total) <= 1, {
      member: 'plan',
      expected: `${share} of ${total} slices to stay in group ${name}`,
      found: `${zeroed} that go`,
    });
    for (const { layer, weight } of producers) {
      const gone = new Set(zeroSlices.find((each) => each.layer === layer)?.slices ?? []);
      const [old, now] = [weightOf(before, layer, weight), weightOf(after, layer, weight)];
      const slices = elementCount(old.shape.slice(-2));
      now.data.forEach((value, at) => {
        const expected = gone.has(at % slices) ? 0 : old.data[at]!;
        requireRule(value === expected, {
          member: 'apply',
          expected: `${expected} in ${layer}/${weight} at ${at}`,
          found: String(value),
        });
      });
    }
  });
}

/** The same network with other names. */
export function renamed(graph: LayerGraph): LayerGraph {
  const layers = graph.layers.map((layer) => ({ ...layer, name: `other/${layer.name}` }));
  return {
    ...graph,
    name: 'renamed',
    layers,
    calls: graph.calls.map((call) => ({ ...call, layer: `other/${call.layer}` })),
  };
}

/** The same layers by name, but only two channels wide. */
export function foreign(graph: LayerGraph): LayerGraph {
  const narrow = (weight: WeightTensor): WeightTensor => {
    const shape = weight.shape.map((size) => Math.min(size, 2));
    return { ...weight, shape, data: new Float32Array(elementCount(shape)) };
  };
  return {
    ...graph,
    name: 'foreign',
    layers: graph.layers.map((layer) => ({ ...layer, weights: layer.weights.map(narrow) })),
  };
}
