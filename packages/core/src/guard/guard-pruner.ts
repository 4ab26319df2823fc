import type { LayerGraph, WeightTensor } from '../contracts/layer-graph.js';
import type { AllocationQuestion, ChannelGroup, Pruner } from '../contracts/pruner.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guardHeuristics } from './guard-heuristics.js';
import { guarded } from './guarded.js';
import { requireStep } from './policies.js';
import { isArrayOf } from './values.js';
import { elementCount } from '../tensors/element-count.js';
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
      removalErrors: (result, groups) => checkedErrors(culprit, result, groups),
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

/** Throws `PLUGIN_MISBEHAVED` unless there is a curve a group that begins with 0 and never falls. */
function checkedErrors(
  culprit: Culprit,
  value: unknown,
  groups: readonly ChannelGroup[],
): readonly Float64Array[] {
  const curves = value as readonly Float64Array[];
  const isCurve = (curve: unknown, { channels }: ChannelGroup) =>
    isArrayOf('Float64Array', curve) &&
    curve.length === channels + 1 &&
    curve[0] === 0 &&
    curve.every((error, i) => Number.isFinite(error) && (i === 0 || error >= curve[i - 1]!));
  const wrong =
    Array.isArray(value) && value.length === groups.length
      ? groups.findIndex((group, i) => !isCurve(curves[i], group))
      : 0;
  if (wrong < 0) return curves;
  throw misbehaved(
    culprit,
    'removalErrors',
    `a Float64Array for each of ${groups.length} groups, of its channels and one more: from 0, never falling`,
    Array.isArray(value) ? curves[wrong] : value,
  );
}

function requireWeight(culprit: Culprit, member: string, { shape, data }: WeightTensor): void {
  if (!isArrayOf('Float32Array', data) || data.length !== elementCount(shape)) {
    throw misbehaved(
      culprit,
      member,
      `a Float32Array of ${elementCount(shape)} values (${shape.join('x')})`,
      data,
    );
  }
  const bad = firstNotFinite(data);
  if (bad !== undefined) throw misbehaved(culprit, member, 'finite weights', data[bad]);
}
