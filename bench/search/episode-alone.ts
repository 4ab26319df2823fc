import { createInterface } from 'node:readline';
/**
 * One episode of a channel-pruning search on VGG-19 for 32x32 images: half of the multiply-adds, 5,000
 * images. Ours removes the channels and runs the smaller network on the node backend; the PyTorch side does
 * what AMC's code does, that is, sets the channels to zero and runs the whole network in float32. Both take
 * turns within one run; the figure is the median of the rounds' ratios, ours to theirs. Weights are random:
 * only time is measured.
 *
 *   pip install -r bench/reference/requirements.txt
 *   MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
 *     node --conditions=tersor/source --import tsx bench/search/episode.ts [python] [rounds]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createNodeBackend } from '@tersor/backend-node';
import { accuracyOf, channelGroups, cost } from '@tersor/network';
import { costLimit, createPruningEnvironment } from '@tersor/compression';
import { describeMachine, type Dataset, type LayerGraph, type Precision, type PruneTask } from '@tersor/core';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { vgg19 } from '../backends/vgg19.js';

const IMAGES = 600;
const SIZE = 3072;
const SHARE = 0.5;
const AIM = 0.25;
const root = join(__dirname, '../..');

const labels = Int32Array.from({ length: IMAGES }, (_, i) => i % 10);
const images = Float32Array.from({ length: IMAGES * SIZE }, (_, i) => Math.sin(i * 12.9898));

/** What the refit's statistics are gathered on. */
const dataset: Dataset = {
  id: 'sine',
  imageShape: [32, 32, 3],
  classNames: Array.from({ length: 10 }, (_, i) => `${i}`),
  padValue: [0, 0, 0],
  size: () => IMAGES,
  read: async (_split, indexes) => ({
    images: Float32Array.from(
      { length: indexes.length * SIZE },
      (_, i) => images[indexes[Math.floor(i / SIZE)]! * SIZE + (i % SIZE)]!,
    ),
    labels: Int32Array.from(indexes, (index) => index % 10),
  }),
};

async function episodeOf(graph: LayerGraph, precision: Precision, reconstruct: 'none' | 'least-squares') {
  const backend = createNodeBackend({ precision, directories: [root] });
  await backend.activate();
  const { groups } = channelGroups(graph);
  const pruner = new ChannelPruner(channelPlugin.options.parse({ reconstruct }));
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  let multiplyAdds = 0;
  const task: PruneTask = {
    stage: 'prune',
    graph,
    groups,
    pruners: [pruner],
    reward: { id: 'accuracy', evaluate: ({ accuracy }) => accuracy },
    baseline: {
      accuracy: 1,
      macs: cost(graph).macs,
      parameters: cost(graph).parameters,
      bytes: 4 * cost(graph).parameters,
    },
    limits: [
      costLimit('macs', SHARE).prune({ name: 'macs', original: graph, originalBytes: 0, backend: 'node' }),
    ],
    minimum: 0.1,
    multiple: 1,
    evaluate: async (smaller) => {
      multiplyAdds = cost(smaller).macs;
      const session = await backend.compile(smaller);
      const accuracy = accuracyOf(await session.run(images), labels);
      session.dispose();
      return { accuracy };
    },
  };
  // A new environment each time: one remembers the policies that it has seen.
  const run = async () => {
    const environment = createPruningEnvironment(task);
    const actions = await environment.heuristics!['uniform']!();
    await environment.reset(1);
    const start = performance.now();
    for (const action of actions) await environment.step(action);
    return (performance.now() - start) / 1000;
  };
  await run();
  return {
    run,
    ratio: groups.length > 0 ? (await createPruningEnvironment(task).heuristics!['uniform']!())[0]![0]! : 1,
    multiplyAdds: () => multiplyAdds,
  };
}

async function main(): Promise<void> {
  const backend = createNodeBackend({ precision: 'float32', directories: [root] });
  await backend.activate();
  const graph = await vgg19();
  const cases = [
    { name: 'float32', ...(await episodeOf(graph, 'float32', 'none')) },
    {
      name: 'float32, refit',
      ...(await episodeOf(graph, 'float32', 'least-squares')),
    },
  ];
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const each = cases[Number(line)];
    if (!each) process.exit();
    const cpu = process.cpuUsage();
    const seconds = await each.run();
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(`${seconds} ${(user + system) / 1e6}\n`);
  }
}
void main();
