import type { LayerGraph, WeightTensor } from '../contracts/layer-graph.js';
import type { AllocationQuestion, Pruner } from '../contracts/pruner.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guardHeuristics } from './guard-heuristics.js';
import { guarded } from './guarded.js';
import { requireStep } from './policies.js';
import { isArrayOf, sizeOf } from './values.js';
import { firstNotFinite } from '../tensors/finite.js';

/** A pruner that keeps to its contract: steps for the group that was asked for, networks that are whole. */
export function guardPruner(culprit: Culprit, pruner: Pruner): Pruner {
  const checked = guarded(culprit, pruner, {
    now: {
      plan: (result, group) => {
        requireStep(culprit, 'plan', result, group, [pruner.id]);
        return result;
      },
      apply: (result, graph) => checkedGraph(culprit, 'apply', result, graph),
    },
    later: {
      prepare: () => undefined,
      adapt: (result, graph) => checkedGraph(culprit, 'adapt', result, graph),
    },
  });
  return guardHeuristics<AllocationQuestion, Pruner>(culprit, pruner, checked, {
    length: ({ groups }) => groups.length,
    isAllowed: ({ groups, smallest, multiple }, i, count) =>
      count === groups[i]!.channels ||
      (count >= smallest[i]! && count < groups[i]!.channels && count % multiple === 0),
    expected: ({ groups, multiple }) =>
      `channels for each of ${groups.length} groups, from the smallest to all` +
      (multiple === 1 ? '' : `, multiples of ${multiple}`),
  });
}

/**
 * Throws `PLUGIN_MISBEHAVED` unless a value is a network whose arrays fit their shapes; arrays that `before`
 * has are not looked at again.
 */
function checkedGraph(culprit: Culprit, member: string, value: unknown, before: LayerGraph): LayerGraph {
  const graph = value as Partial<LayerGraph> | undefined;
  const { layers, calls, inputs, outputs } = graph ?? {};
  if (![layers, calls, inputs, outputs].every(Array.isArray))
    throw misbehaved(culprit, member, 'a network: { name, layers, calls, inputs, outputs }', value);
  const known = new Set(before.layers.flatMap(({ weights }) => weights.map(({ data }) => data)));
  for (const layer of layers!) {
    for (const weight of layer.weights)
      if (!known.has(weight.data)) requireWeight(culprit, `${member}: ${layer.name}/${weight.name}`, weight);
  }
  return graph as LayerGraph;
}

function requireWeight(culprit: Culprit, member: string, { shape, data }: WeightTensor): void {
  if (!isArrayOf('Float32Array', data) || data.length !== sizeOf(shape)) {
    throw misbehaved(culprit, member, `a Float32Array of ${sizeOf(shape)} values (${shape.join('x')})`, data);
  }
  const bad = firstNotFinite(data);
  if (bad !== undefined) throw misbehaved(culprit, member, 'finite weights', data[bad]);
}
