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
 * Predicts the latency of a network from a table, in milliseconds per image: the sum of the transfer and of
 * every layer's time, interpolated between the channel counts that were measured. The network is the table's
 * model, possibly with channels removed. Throws `LATENCY_TABLE_INVALID` if the table lacks a layer.
 */
export function predictLatency(table: LatencyTable, graph: LayerGraph): number {
  return predictor(table, graph)(channelsOf(graph));
}

/**
 * The same as a function of the channels that each group keeps and the layers that are removed, for
 * predicting many candidates of one network.
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

/**
 * A function from the channels of every call's output to milliseconds; sites of removed layers do not count.
 */
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
 * them. Measured times are first made monotonic, since a layer with more channels is only faster because of
 * noise, and budgets need the smallest network to be the cheapest: each time becomes the mean of the largest
 * time at smaller counts and the smallest time at larger ones. Times that are already in order do not change.
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

/** Index of the last count at or below `count`, and the position between it and the next, in [0, 1). */
function position(counts: readonly number[], count: number): [index: number, fraction: number] {
  let index = 0;
  while (index < counts.length - 1 && counts[index + 1]! <= count) index++;
  if (index === counts.length - 1 || count <= counts[index]!) return [index, 0];
  return [index, (count - counts[index]!) / (counts[index + 1]! - counts[index]!)];
}
