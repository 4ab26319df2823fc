import { cost, channelGroups, accuracyOf } from '@tersor/network';
import { costLimit, createPruningEnvironment } from '@tersor/compression';
import type { Backend, Dataset, LayerGraph, PruneTask } from '@tersor/core';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { timed } from './record.js';

/** An episode of the pruning search that can be timed. */
export interface Episode {
  /** Seconds from the first action to the reward. */
  readonly run: () => Promise<number>;
  /** Share of the channels that stay in every group. */
  readonly ratio: number;
  readonly shareOfMultiplyAdds: () => number;
  /** Seconds that the evaluation took, episode by episode. */
  readonly evaluations: () => readonly number[];
}

/** One policy, uniform in all groups, as an agent's episode carries it out and measures it. */
export async function prepareEpisode({
  graph,
  dataset,
  backend,
  reconstruct,
  images: count,
  share = 0.5,
  multiple,
}: {
  readonly graph: LayerGraph;
  readonly dataset: Dataset;
  readonly backend: Backend;
  readonly reconstruct: 'none' | 'least-squares';
  readonly images: number;
  readonly share?: number;
  /** Channels that stay are a multiple of this. */
  readonly multiple: number;
}): Promise<Episode> {
  const { groups } = channelGroups(graph);
  const pruner = new ChannelPruner(channelPlugin.options.parse({ reconstruct }));
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  const { images, labels } = await dataset.read(
    'validation',
    Array.from({ length: count }, (_, i) => i),
  );
  const { macs, parameters } = cost(graph);
  const seconds: number[] = [];
  let left = macs;
  const task: PruneTask = {
    stage: 'prune',
    graph,
    groups,
    pruners: [pruner],
    reward: { id: 'accuracy', evaluate: ({ accuracy }) => accuracy },
    baseline: { accuracy: 1, macs, parameters, bytes: 4 * parameters },
    limits: [
      costLimit('macs', share).prune({
        name: 'macs',
        original: graph,
        originalBytes: 4 * parameters,
        backend: backend.id,
      }),
    ],
    minimum: 0.1,
    multiple,
    evaluate: async (smaller) => {
      left = cost(smaller).macs;
      let accuracy = 0;
      const taken = await timed(async () => {
        const session = await backend.compile(smaller);
        accuracy = accuracyOf(await session.run(images), labels);
        session.dispose();
      });
      seconds.push(taken);
      return { accuracy };
    },
  };
  const actionsOf = async () => createPruningEnvironment(task).heuristics!['uniform']!();
  return {
    // A new environment each time: one remembers the policies that it has seen.
    run: async () => {
      const environment = createPruningEnvironment(task);
      const actions = await environment.heuristics!['uniform']!();
      await environment.reset(1);
      return timed(async () => {
        for (const action of actions) await environment.step(action);
      });
    },
    ratio: (await actionsOf())[0]![0]!,
    shareOfMultiplyAdds: () => left / macs,
    evaluations: () => seconds,
  };
}
