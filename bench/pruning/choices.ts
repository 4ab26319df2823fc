// What the options of `reconstruction` are chosen by: accuracy on validation images, and the KL divergence of
// the outputs from the original's on the same images, of one evaluation. No test image is looked at.
// node --conditions=tersor/source --import tsx bench/pruning/choices.ts NETWORK '{"macs":0.5}' [OPTIONS...]
// NETWORK: example, resnet20, mobilenet (needs ../shared and `node bench/paper/imagenet-sample.mjs`), or
// vgg19 (needs ../shared, and all of CIFAR-10 in examples/data; it was trained on its validation images).
// Each OPTIONS is JSON of the channel pruner's options. Adds rows to results/choices.json; those that it has
// are not run again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeMachine } from '@tersor/core';
import { accuracyOf, cost, networkOutput, outputDivergence } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { openNetwork, prunedTo } from './heuristic-network.js';
import { EXAMPLE, MOBILENET, RESNET20, ROOT, VGG19_MODEL } from './networks.js';

const FILE = join(__dirname, 'results/choices.json');
const NETWORKS = {
  example: { ...EXAMPLE, minimum: 0.1, multiple: 1, images: 500 },
  resnet20: { ...RESNET20, minimum: 0.2, multiple: 1, images: 500 },
  mobilenet: { ...MOBILENET, minimum: 0.3, multiple: 1, images: 300 },
  vgg19: {
    model: VGG19_MODEL,
    dataset: { use: 'cifar10', dir: join(ROOT, 'examples/data'), validation: 2000 },
    minimum: 0.02,
    multiple: 8,
    images: 500,
  },
} as const;

interface Row {
  readonly network: string;
  readonly budget: Readonly<Record<string, number>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly accuracy: number;
  readonly divergence: number;
  readonly parameters: number;
  /** Seconds of processor time that the preparation took, of all threads. */
  readonly preparation: number;
}

interface Results {
  readonly machine: string;
  readonly node: string;
  readonly rows: readonly Row[];
}

const results = (): Results =>
  existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results)
    : { machine: describeMachine(), node: process.version, rows: [] };

async function main(): Promise<void> {
  const [name = 'example', budgetText = '{"macs":0.5}', ...given] = process.argv.slice(2);
  const network = NETWORKS[name as keyof typeof NETWORKS];
  const budget = JSON.parse(budgetText) as Record<string, number>;
  const { host, backend, dataset, graph, groups, validation, scoresOf } = await openNetwork(network, 'node');
  const count = dataset.size('validation');
  const original = await scoresOf(graph);
  for (const text of given) {
    const options = JSON.parse(text) as Record<string, unknown>;
    const isKnown = results().rows.some((row) =>
      isDeepStrictEqual([row.network, row.budget, row.options], [name, budget, options]),
    );
    if (isKnown) continue;
    const pruner = new ChannelPruner(channelPlugin.options.parse({ images: network.images, ...options }));
    const before = process.cpuUsage();
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    const used = process.cpuUsage(before);
    const { smaller: applied, plan } = await prunedTo(budget, network, graph, pruner);
    const smaller = (await pruner.finish?.(applied, plan)) ?? applied;
    const scores = await scoresOf(smaller);
    const row: Row = {
      network: name,
      budget,
      options,
      accuracy: accuracyOf(scores, validation.labels),
      divergence: outputDivergence(original, scores, count, networkOutput(graph)),
      parameters: cost(smaller).parameters,
      preparation: (used.user + used.system) / 1e6,
    };
    console.log(JSON.stringify(row));
    const known = results();
    writeFileSync(FILE, `${JSON.stringify({ ...known, rows: [...known.rows, row] }, undefined, 1)}\n`);
    pruner.dispose();
  }
  await host.dispose();
}

void main();
