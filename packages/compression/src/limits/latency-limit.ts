import { resolve } from 'node:path';
import { definePlugin, latencySchema, type LatencyTable, type Plugin, type PruneLimit } from '@tersor/core';
import { predictLatency, readLatencyTable, channelLatency } from '@tersor/network';
import { LIMIT } from './share-options.js';

/** A limit of milliseconds for one image, as a table predicts them. */
export function createLatencyLimit(name: string, table: LatencyTable, milliseconds: number): PruneLimit {
  return {
    name,
    table,
    limit: milliseconds,
    of: (network) => predictLatency(table, network),
    promise: (graph, groups) => {
      const latencyAt = channelLatency(table, graph, groups);
      return ({ keep, removed }) => latencyAt(keep, removed);
    },
    format: (value, round) => `${round(value * 1e4) / 1e4} ms`,
    reached: 'the network is still predicted to take',
  };
}

/** Milliseconds that a table of `tersor profile` predicts; zeroed slices count, as runtimes do. */
export const latencyLimit: Plugin = definePlugin({
  ...LIMIT,
  id: 'latency',
  description: 'stage 1: milliseconds for one image that a table of "tersor profile" predicts',
  options: latencySchema,
  files: ({ table }) => [table],
  create: ({ table: path, milliseconds, share }, { directory }) => ({
    id: 'latency',
    prune: async ({ name, original, backend }) => {
      const table = await readLatencyTable(resolve(directory, path), { graph: original, backend });
      return createLatencyLimit(name, table, milliseconds ?? share! * predictLatency(table, original));
    },
  }),
});
