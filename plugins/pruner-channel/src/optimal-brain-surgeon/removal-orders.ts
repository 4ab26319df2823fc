import { createHash, type Hash } from 'node:crypto';
import type { ChannelGroup, LayerGraph, PrepareProgress } from '@tersor/core';
import type { Gathered } from '../reconstruction/gather-moments.js';
import { groupReaders, readerErrors, type GroupReader } from './group-readers.js';
import { removeGreedily, type RemovalOrder } from './remove-greedily.js';

/** Orders by digest of what they follow from. */
type OrdersByContent = Readonly<Record<string, RemovalOrder>>;

/** Orders that this process has worked out, the oldest first: many runs of a study prune the same network. */
const known = new Map<string, RemovalOrder>();
const MOST_KNOWN = 1000;

/** Milliseconds of work that an interruption may cost. */
const SAVE_EVERY = 2000;

/**
 * The order in which the channels of each group go, and what is lost at every count: one greedy pass a group.
 * What was worked out before, in this process or in an interrupted preparation, is taken from there when
 * weights and moments are the same.
 */
export async function removalOrders(
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
  gathered: ReadonlyMap<string, Gathered>,
  progress?: PrepareProgress,
): Promise<Map<string, RemovalOrder>> {
  const saved = (progress?.saved ?? {}) as OrdersByContent;
  const orders = new Map<string, RemovalOrder>();
  const byContent: Record<string, RemovalOrder> = {};
  const digests = new Map<Gathered, string>();
  let last = performance.now();
  let unsaved = false;
  for (const group of groups) {
    progress?.report?.(orders.size, groups.length);
    const readers = groupReaders(graph, group, gathered);
    const key = contentOf(readers, group.channels, digests);
    const before = known.get(key) ?? saved[key];
    const order = before ?? removeGreedily(readers.map(readerErrors), group.channels);
    remember(key, order);
    orders.set(group.name, order);
    byContent[key] = order;
    unsaved ||= !saved[key];
    if (unsaved && performance.now() - last > SAVE_EVERY) {
      await progress?.save({ ...byContent });
      unsaved = false;
      last = performance.now();
    }
  }
  if (unsaved) await progress?.save({ ...byContent });
  return orders;
}

function remember(key: string, order: RemovalOrder): void {
  known.set(key, order);
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!);
}

function contentOf(
  readers: readonly GroupReader[],
  channels: number,
  digests: Map<Gathered, string>,
): string {
  const hash = createHash('sha256').update(JSON.stringify({ channels }));
  for (const { gathered, indexes, axis, shape, data } of readers) {
    hash.update(JSON.stringify({ indexes, axis, shape, moments: gathered && digestOf(gathered, digests) }));
    update(hash, data);
  }
  return hash.digest('base64');
}

/** Moments are large, and several groups may share them. */
function digestOf(gathered: Gathered, digests: Map<Gathered, string>): string {
  const before = digests.get(gathered);
  if (before) return before;
  const hash = createHash('sha256').update(String(gathered.wholeRows));
  // The inverse follows from them.
  for (const { moments } of gathered.moments) update(hash, moments);
  const digest = hash.digest('base64');
  digests.set(gathered, digest);
  return digest;
}

function update(hash: Hash, { buffer, byteOffset, byteLength }: Float32Array | Float64Array): void {
  hash.update(new Uint8Array(buffer, byteOffset, byteLength));
}
