import { TersorError, type LayerGraph } from '@tersor/core';
import { withSomeWeights } from '@tersor/network';
import type { Gathered } from './gather-moments.js';
import { groupColumns, setGroupColumns } from './group-columns.js';
import type { KnownRefits, LayerRefit } from './known-refits.js';
import { refit, type InputMoments } from './refit.js';

/**
 * Refits every layer that loses inputs: a graph of the same shape as `graph`, in which the rows of kept
 * inputs make up for those that will be removed. The rows of removed inputs stay as they are, for surgery to
 * cut. Kernel slices that are all zero in `graph` (another pruner zeroed them) stay zero. Throws
 * `PLAN_MISMATCH` for a network with weights of other sizes.
 * @param lost by layer, the input channels of its kernel that go
 * @param known refits of earlier candidates
 */
export function reconstruct(
  graph: LayerGraph,
  gathered: ReadonlyMap<string, Gathered>,
  lost: ReadonlyMap<string, readonly number[]>,
  known: KnownRefits,
): LayerGraph {
  const changed = new Map<string, Float32Array>();
  const layers = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const originalOf = (layer: string, weight: string, length: number): Float32Array => {
    const key = `${layer}/${weight}`;
    const original = layers.get(layer)?.weights.find(({ name }) => name === weight)?.data;
    if (original?.length !== length) {
      throw new TersorError(
        'PLAN_MISMATCH',
        `The statistics are of a network whose ${key} has ${length} values; this one has ${original?.length ?? 'none'}.`,
      );
    }
    return original;
  };
  for (const [layer, channels] of lost) {
    const found = gathered.get(layer);
    if (!found || channels.length === 0) continue;
    const { consumer } = found;
    const { taps, outputs, offset: place } = consumer;
    const whole = originalOf(layer, consumer.weight, taps * consumer.channels * outputs);
    const { kernel, offset } = known.of(consumer, whole, channels, () => refitLayer(found, whole, channels));
    changed.set(`${layer}/${consumer.weight}`, kernel);
    if (!place) continue;
    const key = `${place.layer}/${place.weight}`;
    const target = changed.get(key) ?? originalOf(place.layer, place.weight, outputs);
    changed.set(
      key,
      target.map((value, output) => value + place.sign * offset[output]!),
    );
  }
  return withSomeWeights(graph, changed);
}

/** Refits one layer to the loss of input channels of its kernel. */
function refitLayer(
  { consumer, wholeRows, moments }: Gathered,
  whole: Float32Array,
  lost: readonly number[],
): LayerRefit {
  const { taps, channels, outputs, groups } = consumer;
  const own = outputs / groups;
  const kernel = whole.slice();
  const zeros = zeroSlices(kernel, channels * outputs);
  const offset = new Float64Array(outputs);
  moments.forEach((each, group) => {
    const columns = groupColumns(kernel, outputs, groups, group);
    const added = offset.subarray(group * own, (group + 1) * own);
    if (wholeRows) {
      const removed = Array.from({ length: taps }, (_, tap) =>
        lost.map((channel) => tap * channels + channel),
      ).flat();
      refitRows(each, columns, removed, added);
    } else {
      const size = channels * own;
      for (let tap = 0; tap < taps; tap++)
        refitRows(each, columns.subarray(tap * size, (tap + 1) * size), lost, added);
    }
    setGroupColumns(kernel, columns, outputs, groups, group);
  });
  zeros.forEach((slice) => {
    for (let at = slice; at < kernel.length; at += channels * outputs) kernel[at] = 0;
  });
  return { kernel, offset };
}

/** Refits the rows that stay, in place, and adds what the outputs' means have lost. */
function refitRows(
  moments: InputMoments,
  rows: Float32Array,
  removed: readonly number[],
  total: Float64Array,
): void {
  const outputs = total.length;
  const { delta, offset } = refit(moments, rows, outputs, removed);
  const gone = new Set(removed);
  let from = 0;
  for (let row = 0; row < moments.size; row++) {
    if (gone.has(row)) continue;
    for (let output = 0; output < outputs; output++)
      rows[row * outputs + output] = rows[row * outputs + output]! + delta[from++]!;
  }
  offset.forEach((value, output) => (total[output] = total[output]! + value));
}

/** Flat indexes (input channel, output) of slices that are zero at every kernel position. */
function zeroSlices(kernel: Float32Array, slices: number): number[] {
  const zeros: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    let at = slice;
    while (at < kernel.length && kernel[at] === 0) at += slices;
    if (at >= kernel.length) zeros.push(slice);
  }
  return zeros;
}
