import {
  TersorError,
  type ChannelGroup,
  type LatencyTable,
  type LayerGraph,
  type LayerLatency,
} from '@tersor/core';
import { callChannels, channelsOf } from './call-channels.js';
import { latencySites } from './latency-sites.js';

/**
 * Milliseconds for one image that a table predicts for a network: the transfer, and every layer's time
 * between the counts that it was measured at (bilinear in input and output channels). The network is the
 * table's model, or that with channels removed. Throws `LATENCY_TABLE_INVALID` when a layer is not in the
 * table.
 */
export function predictLatency(table: LatencyTable, graph: LayerGraph): number {
  return predictor(table, graph)(channelsOf(graph));
}

/**
 * The same for many channel counts of one network: channels that each group keeps, and layers that go as a
 * whole -> milliseconds.
 */
export function channelLatency(
  table: LatencyTable,
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
): (keepCounts: readonly number[], removed?: ReadonlySet<string>) => number {
  const counts = callChannels(graph, groups);
  const predict = predictor(table, graph);
  const channelsAt = (keepCounts: readonly number[]) =>
    counts.map(({ full, cuts }) =>
      cuts.reduce(
        (count, { group, perChannel }) => count - (groups[group]!.channels - keepCounts[group]!) * perChannel,
        full,
      ),
    );
  return (keepCounts, removed) => predict(channelsAt(keepCounts), removed);
}

/** Channels of every call's output -> milliseconds, without the places whose first layer is removed. */
function predictor(
  table: LatencyTable,
  graph: LayerGraph,
): (counts: readonly number[], removed?: ReadonlySet<string>) => number {
  const entries = new Map(table.layers.map((entry) => [entry.layer, entry]));
  const sites = latencySites(graph).map(({ name, calls }) => {
    const entry = entries.get(name);
    if (!entry) {
      throw new TersorError(
        'LATENCY_TABLE_INVALID',
        `The latency table of "${table.model.name}" has no layer "${name}" of the network "${graph.name}".`,
        { hint: 'Make one for this model with: tersor profile' },
      );
    }
    const output = calls[0]!;
    return {
      layer: graph.calls[output]!.layer,
      input: graph.calls[output]!.inputs[0]!,
      output,
      timeOf: interpolate(entry),
    };
  });
  return (counts, removed) =>
    sites.reduce(
      (sum, { layer, input, output, timeOf }) =>
        removed?.has(layer) ? sum : sum + timeOf(counts[input]!, counts[output]!),
      table.transfer,
    );
}

/**
 * Time of a layer by input and output channels: bilinear between the measured channel counts, constant beyond
 * them. A wider layer never counts as faster than a narrower one: where it was measured so, that was noise,
 * and the budget's wall needs the narrowest to be the cheapest. So each time is replaced by the mean of the
 * largest at smaller counts and the smallest time at larger ones; times in order stay as they are.
 */
export function interpolate({
  inputs,
  outputs,
  milliseconds,
}: LayerLatency): (input: number, output: number) => number {
  const grid = milliseconds.map((row, i) =>
    row.map((_, j) => {
      const narrower = milliseconds.slice(0, i + 1).map((each) => each.slice(0, j + 1));
      const wider = milliseconds.slice(i).map((each) => each.slice(j));
      return (Math.max(...narrower.flat()) + Math.min(...wider.flat())) / 2;
    }),
  );
  return (input, output) => {
    const [i, s] = position(inputs, input);
    const [j, t] = position(outputs, output);
    const along = (row: readonly number[]) => row[j]! + (t === 0 ? 0 : t * (row[j + 1]! - row[j]!));
    const below = along(grid[i]!);
    return below + (s === 0 ? 0 : s * (along(grid[i + 1]!) - below));
  };
}

/** Index of the last count at or below `count`, and how far it is from there to the next, in [0, 1). */
function position(counts: readonly number[], count: number): [index: number, fraction: number] {
  let index = 0;
  while (index < counts.length - 1 && counts[index + 1]! <= count) index++;
  if (index === counts.length - 1 || count <= counts[index]!) return [index, 0];
  return [index, (count - counts[index]!) / (counts[index + 1]! - counts[index]!)];
}
