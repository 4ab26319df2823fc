// Validation accuracy after one-shot pruning (one ratio for all groups, no search, no fine-tune), by
// criterion: with and without the least-squares refit, with and without re-estimated batch norms.
// node --conditions=tersor/source --import tsx bench/pruning/one-shot.ts [--model MODEL] [--data CIFAR_DIR]
//     [--criteria l1,random,...] [--reconstruct none,least-squares] [--shares 0.7,0.5] [--images 400]
//     [--statistics 200] [--backend wasm]
// Without options: the example model on its mini set. Writes results/one-shot.json row by row; rows of other
// criteria that it has of the same settings stay. The seconds are there for the ratio that a re-estimation
// takes of the evaluation of the same network, in turn in one run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { channelGroups, cost, readNetwork, channelCost } from '@tersor/network';
import { createEvaluator } from '@tersor/compression';
import { createHost, TOKENS, type ChannelGroup, type LayerGraph } from '@tersor/core';
import channelPlugin, { ChannelPruner, CRITERIA } from '../../plugins/pruner-channel/src/index.js';
import { median } from '../median.js';

const ROOT = resolve(__dirname, '../..');
const FILE = join(__dirname, 'results/one-shot.json');

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: join(ROOT, 'examples/vgg-small/model/model.json') },
    data: { type: 'string', default: join(ROOT, 'examples/data/cifar-10-mini') },
    criteria: { type: 'string', default: Object.keys(CRITERIA).join() },
    reconstruct: { type: 'string', default: 'none,least-squares' },
    shares: { type: 'string', default: '0.7,0.5' },
    images: { type: 'string', default: '400' },
    statistics: { type: 'string', default: '200' },
    backend: { type: 'string', default: 'wasm' },
  },
});

interface Row {
  readonly criterion: string;
  readonly reconstruct: string;
  /** Share of the multiply-adds that is left. */
  readonly macs: number;
  /** Validation accuracy as pruned, and with batch norms re-estimated. */
  readonly accuracy: { readonly off: number; readonly on: number };
  readonly seconds: { readonly reestimate: number; readonly evaluate: number };
}

async function main(): Promise<void> {
  const slots = [
    { kind: 'backend', name: '', path: 'backend', use: options.backend, options: {} },
    {
      kind: 'dataset',
      name: '',
      path: 'dataset',
      use: 'cifar10',
      options: { dir: resolve(options.data), validation: 1000 },
    },
  ] as const;
  const host = await createHost({
    slots,
    directory: process.cwd(),
    seed: 1,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  await backend.activate();
  const graph = await readNetwork(options.model);
  const { groups } = channelGroups(graph);
  const evaluator = await createEvaluator({
    backend,
    dataset,
    split: 'validation',
    images: Number(options.images),
  });
  const accuracy = await evaluator.accuracy(graph);
  const settings = {
    model: relative(ROOT, options.model),
    data: relative(ROOT, options.data),
    split: 'validation',
    images: evaluator.count,
    statistics: Number(options.statistics),
    backend: options.backend,
    seed: 1,
  };
  const before = existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, 'utf8')) as { settings: unknown; rows: Row[] })
    : undefined;
  const [criteria, reconstructs] = [options.criteria.split(','), options.reconstruct.split(',')];
  const rows: Row[] =
    before && isDeepStrictEqual(before.settings, settings)
      ? before.rows.filter(
          ({ criterion, reconstruct }) =>
            !criteria.includes(criterion) || !reconstructs.includes(reconstruct),
        )
      : [];
  const policies = options.shares.split(',').map((share) => countsAt(graph, groups, Number(share)));
  for (const reconstruct of reconstructs) {
    for (const criterion of criteria) {
      const pruner = new ChannelPruner(
        channelPlugin.options.parse({
          criterion,
          reconstruct,
          images: settings.statistics,
          batchNormImages: settings.statistics,
        }),
      );
      await pruner.prepare({ graph, groups, dataset, backend, seed: settings.seed });
      for (const counts of policies) {
        const plan = groups.map((group, i) => pruner.plan(group, { channels: counts[i]! }));
        const pruned = pruner.apply(graph, plan);
        const adapted = await timed(() => pruner.adapt(pruned, plan));
        const off = await evaluator.accuracy(pruned);
        const on = await timed(() => evaluator.accuracy(adapted.result));
        const row: Row = {
          criterion,
          reconstruct,
          macs: cost(pruned).macs / cost(graph).macs,
          accuracy: { off, on: on.result },
          seconds: { reestimate: adapted.seconds, evaluate: on.seconds },
        };
        rows.push(row);
        console.log(JSON.stringify(row));
      }
      pruner.dispose();
      const reestimateToEvaluate = median(rows.map(({ seconds }) => seconds.reestimate / seconds.evaluate));
      writeFileSync(
        FILE,
        `${JSON.stringify({ settings, accuracy, reestimateToEvaluate, node: process.version, rows }, undefined, 1)}\n`,
      );
    }
  }
  await host.dispose();
}

/**
 * Channels that stay in each group when the largest uniform ratio is taken that leaves at most `share` of the
 * multiply-adds.
 */
function countsAt(graph: LayerGraph, groups: readonly ChannelGroup[], share: number): number[] {
  const costAt = channelCost(graph, groups);
  const counts = (ratio: number) => groups.map(({ channels }) => Math.max(1, Math.round(ratio * channels)));
  let ratio = 1;
  while (ratio > 0 && costAt(counts(ratio)).macs > share * cost(graph).macs) ratio -= 0.005;
  return counts(ratio);
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const started = performance.now();
  return { result: await run(), seconds: (performance.now() - started) / 1000 };
}

void main();
