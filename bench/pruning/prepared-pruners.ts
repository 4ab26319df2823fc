// What a seed brings to benches of slices and channels, and the network that the heuristic makes of a budget.
import {
  accuracyReward,
  costLimit,
  createPruningEnvironment,
  encodeGraph,
  layersWithKernels,
  packModel,
  withHalfPrecision,
} from '@tersor/compression';
import { createRandom, type Backend, type Dataset, type LayerGraph, type Pruner } from '@tersor/core';
import { channelGroups, cost } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import variationalPlugin, { VariationalPruner } from '../../plugins/pruner-variational/src/index.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';
import type { Network } from './slices-networks.js';

/** Of all weights in the packed file. */
export const BITS = 8;

/** What a seed brings: the pruners know its images. */
export interface Prepared {
  readonly graph: LayerGraph;
  readonly dataset: Dataset;
  readonly backend: Backend;
  readonly seed: number;
  readonly channel: Pruner;
  /** By the share that heuristics leave to slices. */
  slices(share: number): Promise<Pruner>;
}

export async function prepare(
  network: Pick<Network, 'images'>,
  { graph, whole, backend }: { graph: LayerGraph; whole: Dataset; backend: Backend },
  seed: number,
): Promise<Prepared> {
  const dataset = partOf(whole, network.images.train, seed);
  const { groups } = channelGroups(graph);
  const context = { graph, groups, dataset, backend, seed };
  const channel = new ChannelPruner(
    channelPlugin.options.parse({ criterion: 'reconstruction', images: 500 }),
  );
  await channel.prepare(context);
  let known: { readonly share: number; readonly pruner: Pruner } | undefined;
  const slices = async (share: number) => {
    if (known?.share === share) return known.pruner;
    const pruner = new VariationalPruner(
      variationalPlugin.options.parse({ ranking: 'reconstruction', heuristicShare: share }),
    );
    await pruner.prepare(context);
    known = { share, pruner };
    return pruner;
  };
  return { graph, dataset, backend, seed, channel, slices };
}

/** A data set whose training images are some, drawn by the seed. */
function partOf(dataset: Dataset, count: number, seed: number): Dataset {
  const chosen = createRandom(seed, 'bench').permutation(dataset.size('train')).slice(0, count);
  return {
    id: dataset.id,
    imageShape: dataset.imageShape,
    classNames: dataset.classNames,
    padValue: dataset.padValue,
    size: (split) => (split === 'train' ? chosen.length : dataset.size(split)),
    read: (split, indexes) =>
      dataset.read(split, split === 'train' ? indexes.map((index) => chosen[index]!) : indexes),
  };
}

/** The network that the heuristic makes of the budget. */
export async function pruned(
  network: Pick<Network, 'minimum' | 'multiple'>,
  { graph }: Prepared,
  pruners: readonly Pruner[],
  budget: number,
): Promise<LayerGraph> {
  const { groups } = channelGroups(graph);
  const { macs, parameters } = cost(graph);
  const baseline = { accuracy: 1, macs, parameters, bytes: 4 * parameters };
  let candidate = graph;
  const environment = createPruningEnvironment({
    stage: 'prune',
    graph,
    groups,
    pruners,
    reward: { id: 'accuracy', evaluate: accuracyReward },
    // The candidate alone is wanted.
    evaluate: async (made) => {
      candidate = made;
      return { accuracy: 0 };
    },
    baseline,
    limits: [
      costLimit('macs', budget * macs).prune({
        name: 'macs',
        original: graph,
      } as Parameters<ReturnType<typeof costLimit>['prune']>[0]),
    ],
    minimum: network.minimum,
    multiple: network.multiple,
  });
  const actions = await environment.heuristics!['reconstruction']!();
  await environment.reset(1);
  for (const action of actions) await environment.step(action);
  return candidate;
}

/** Bytes of the packed file with all weights in 8 bits. */
export function packedBytes(graph: LayerGraph): number {
  const quantizer = new LinearQuantizer({ scheme: 'symmetric', granularity: 'channel', scale: 'max' });
  const half = withHalfPrecision(graph);
  const bits = Object.fromEntries(layersWithKernels(half).map(({ name }) => [name, BITS]));
  return packModel(half, encodeGraph(quantizer, half, bits)).length;
}
