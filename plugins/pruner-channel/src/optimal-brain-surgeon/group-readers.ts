import { elementCount, type ChannelGroup, type LayerGraph } from '@tersor/core';
import type { Gathered } from '../reconstruction/gather-moments.js';
import { correlatedReader } from './correlated-reader.js';
import { groupColumns } from '../reconstruction/group-columns.js';
import { averageReader, independentReader, type ReaderErrors } from './remove-greedily.js';

/** One weight that reads the channels of a group. */
export interface GroupReader {
  readonly layer: string;
  readonly weight: string;
  /** By channel, the indexes along `axis` that it owns. */
  readonly indexes: readonly (readonly number[])[];
  readonly axis: number;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Absent for layers that can't be refit: depthwise and transposed ones, and those with too many inputs. */
  readonly gathered?: Gathered;
}

/** The weights that read a group. A layer that reads it twice (a concatenation with itself) is one reader. */
export function groupReaders(
  graph: LayerGraph,
  group: ChannelGroup,
  gathered: ReadonlyMap<string, Gathered>,
): GroupReader[] {
  const readers = new Map<string, GroupReader>();
  for (const { layer, weight, axis, role, indexes } of group.members) {
    if (role !== 'consumes') continue;
    const key = `${layer}/${weight}`;
    const known = readers.get(key);
    const { shape, data } = graph.layers
      .find(({ name }) => name === layer)!
      .weights.find(({ name }) => name === weight)!;
    const found = gathered.get(layer);
    readers.set(key, {
      layer,
      weight,
      axis,
      shape,
      data,
      indexes: known ? known.indexes.map((owned, channel) => [...owned, ...indexes[channel]!]) : indexes,
      ...(found?.consumer.weight === weight && { gathered: found }),
    });
  }
  return [...readers.values()];
}

/** What it costs a reader to lose channels: by its inputs' moments where there are some. */
export function readerErrors(reader: GroupReader): ReaderErrors {
  const { gathered, data, indexes } = reader;
  if (!gathered) return withoutMoments(reader);
  const { consumer, wholeRows, moments } = gathered;
  const taps = Array.from({ length: wholeRows ? consumer.taps : 1 }, (_, tap) => tap * consumer.channels);
  const { outputs, groups } = consumer;
  const blocks = indexes.map((owned) => taps.flatMap((start) => owned.map((index) => start + index)));
  const readers = moments.map((each, group) =>
    correlatedReader(each, groupColumns(data, outputs, groups, group), outputs / groups, blocks),
  );
  return readers.length === 1 ? readers[0]! : averageReader(readers);
}

function withoutMoments({ axis, shape, data, indexes }: GroupReader): ReaderErrors {
  const inner = elementCount(shape.slice(axis + 1));
  const byIndex = new Float64Array(shape[axis]!);
  let total = 0;
  data.forEach((value, at) => {
    const index = Math.floor(at / inner) % byIndex.length;
    byIndex[index] = byIndex[index]! + value * value;
    total += value * value;
  });
  return independentReader(
    Float64Array.from(indexes, (owned) => owned.reduce((sum, index) => sum + byIndex[index]!, 0)),
    total,
  );
}
