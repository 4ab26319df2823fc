// What the refit of the winner from the front to the back (`sequential` of the channel pruner) adds to the
// refit of every layer by itself: accuracy and divergence of the outputs before and after it, with the
// channels that the heuristic `reconstruction` gives. One evaluation, no training, no labels.
// node --conditions=tersor/source --import tsx bench/pruning/in-order.ts [example] [resnet20] [mobilenet]
//     [vgg19] [--seeds 1,2,3] [--data FOLDER] [--backend node]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data); mobilenet needs
// ../shared and `node bench/paper/imagenet-sample.mjs`. Writes results/in-order.json row by row; rows that it
// has are not run again. No option was chosen by test images.
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createEvaluator } from '@tersor/compression';
import { describeMachine, type LayerGraph } from '@tersor/core';
import { accuracyOf, cost, networkOutput, outputDivergence } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { addRow, readRows } from './evaluate-once.js';
import { openNetwork, prunedTo, type BudgetedNetwork } from './heuristic-network.js';
import { EXAMPLE, MOBILENET, RESNET20, ROOT, VGG19_MODEL } from './networks.js';

const FILE = join(__dirname, 'results/in-order.json');

const { values: options, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
  },
  allowPositionals: true,
});

/** Options of the pruner were chosen by validation images, see docs/benchmarks/ridge.md. */
const NETWORKS: Readonly<Record<string, BudgetedNetwork>> = {
  example: {
    ...EXAMPLE,
    budgets: [{ macs: 0.3 }, { macs: 0.15 }],
    minimum: 0.1,
    multiple: 1,
    pruner: { sequential: { images: 900, ridge: 0.01 } },
  },
  resnet20: {
    ...RESNET20,
    budgets: [{ macs: 0.5 }],
    minimum: 0.2,
    multiple: 1,
    pruner: { points: 24, weights: 'probed', sequential: { images: 900, ridge: 0.01 } },
  },
  mobilenet: {
    ...MOBILENET,
    budgets: [{ macs: 0.75 }],
    minimum: 0.3,
    multiple: 1,
    pruner: { images: 300, points: 24, sequential: { images: 300, ridge: 0.5 } },
  },
  vgg19: {
    model: VGG19_MODEL,
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    budgets: [{ parameters: 2_200_000 }, { parameters: 1_000_000, macs: 0.12 }],
    minimum: 0.02,
    multiple: 8,
    pruner: { ridge: 0.001, sequential: { images: 500, ridge: 0.01 } },
  },
};

interface Row {
  readonly budget: Record<string, number>;
  readonly seed: number;
}

/** Of one network. */
interface Figures {
  readonly validation: number;
  readonly test: number;
  /** KL of the outputs on the validation images, in nats. */
  readonly divergence: number;
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) await measure(name, NETWORKS[name]!);
}

async function measure(name: string, network: BudgetedNetwork): Promise<void> {
  const { host, backend, dataset, graph, groups, validation, scoresOf } = await openNetwork(
    network,
    options.backend,
  );
  const images = { validation: dataset.size('validation'), test: dataset.size('test') };
  const test = await createEvaluator({ backend, dataset, split: 'test', images: images.test });
  const original = await scoresOf(graph);
  const figuresOf = async (of: LayerGraph): Promise<Figures> => {
    const scores = await scoresOf(of);
    return {
      validation: accuracyOf(scores, validation.labels),
      test: await test.accuracy(of),
      divergence: outputDivergence(original, scores, images.validation, networkOutput(graph)),
    };
  };
  for (const budget of network.budgets) {
    for (const seed of options.seeds.split(',').map(Number)) {
      const done = readRows<Row>(FILE)[name]?.rows ?? [];
      if (done.some((row) => isDeepStrictEqual([row.budget, row.seed], [budget, seed]))) continue;
      const pruner = new ChannelPruner(channelPlugin.options.parse(network.pruner));
      const prepared = await timed(() => pruner.prepare({ graph, groups, dataset, backend, seed }));
      const { smaller, plan } = await prunedTo(budget, network, graph, pruner);
      const before = await figuresOf(smaller);
      const finished = await timed(() => pruner.finish!(smaller, plan));
      const after = await figuresOf(finished.result);
      const { macs, parameters } = cost(smaller);
      const seconds = { prepare: prepared.seconds, finish: finished.seconds };
      const row = { budget, seed, before, after, macs, parameters, seconds };
      console.log(name, JSON.stringify(row));
      const { minimum, multiple } = network;
      const about = {
        model: relative(ROOT, network.model),
        settings: { pruner: network.pruner, minimum, multiple, images, backend: options.backend },
        node: process.version,
        machine: describeMachine(),
      };
      addRow(FILE, name, about, row);
      pruner.dispose();
    }
  }
  await host.dispose();
}

/** Seconds of processor time, of all threads. */
async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
}

void main();
