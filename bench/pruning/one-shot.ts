// Accuracy of a trained network after one-shot pruning at a share of its MACs (uniform ratio, no fine-tune), by criterion, with and without the refit.
//   node --conditions=tersor/source --import tsx bench/pruning/one-shot.ts MODEL CIFAR_DIR [share = 0.5] [test images = 1000]
import { resolve } from 'node:path';
import { channelGroups, cost, readModel, widthCost } from '@tersor/compression';
import { createHost, TOKENS, type Backend, type Dataset, type LayerGraph } from '@tersor/core';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';

const ROWS = (['l1', 'batch-norm', 'l2', 'fpgm', 'random', 'taylor'] as const).flatMap((criterion) =>
  (['least-squares', 'none'] as const).map((reconstruct) => ({ criterion, reconstruct })),
);

async function main(model: string, directory: string, share: number, images: number): Promise<void> {
  const slots = [
    { kind: 'backend', name: '', path: 'backend', use: 'wasm', options: {} },
    { kind: 'dataset', name: '', path: 'dataset', use: 'cifar10', options: { dir: resolve(directory), validation: 1000 } },
  ] as const;
  const host = await createHost({ slots, directory: process.cwd(), seed: 1, searchFrom: [resolve('packages/cli')] });
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  await backend.activate();
  const graph = await readModel(model);
  const { groups } = channelGroups(graph);
  const total = cost(graph).macs;
  const costAt = widthCost(graph, groups);
  const counts = (ratio: number) => groups.map(({ channels }) => Math.max(1, Math.round(ratio * channels)));
  let ratio = 1;
  while (costAt(counts(ratio)).macs > share * total) ratio -= 0.005;
  console.log(`original: ${(await accuracy(graph, backend, dataset, images)).toFixed(4)}; ratio ${ratio.toFixed(3)} leaves ${(costAt(counts(ratio)).macs / total).toFixed(3)} of the MACs`);
  for (const row of ROWS) {
    const pruner = new ChannelPruner(channelPlugin.options.parse(row));
    let started = performance.now();
    await pruner.prepare({ graph, groups, dataset, seed: 1 });
    const prepared = performance.now() - started;
    started = performance.now();
    const pruned = pruner.apply(graph, groups.map((group, i) => pruner.plan(group, counts(ratio)[i]!)));
    const applied = performance.now() - started;
    console.log(`${row.criterion} ${row.reconstruct}: ${(await accuracy(pruned, backend, dataset, images)).toFixed(4)} (prepare ${(prepared / 1000).toFixed(1)} s, apply ${applied.toFixed(0)} ms)`);
  }
  await host.dispose();
}

async function accuracy(graph: LayerGraph, backend: Backend, dataset: Dataset, count: number): Promise<number> {
  const { images, labels } = await dataset.read('test', Array.from({ length: Math.min(count, dataset.size('test')) }, (_, i) => i));
  const session = await backend.compile(graph);
  const scores = await session.run(images);
  session.dispose();
  const classes = scores.length / labels.length;
  let right = 0;
  labels.forEach((label, i) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    if (row.indexOf(Math.max(...row)) === label) right++;
  });
  return right / labels.length;
}

const [model, directory, share = '0.5', images = '1000'] = process.argv.slice(2);
void main(model!, directory!, Number(share), Number(images));
