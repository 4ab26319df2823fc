// What is left to gain for the heuristic `reconstruction` of channels, which is greedy: channels are then
// exchanged between groups as long as that lowers the sum of the errors (`exchange`). Costs are products of
// neighbours' counts, so there is no exact solution to compare with. One evaluation of each, no training.
// node --conditions=tersor/source --import tsx bench/pruning/exchange.ts [example] [resnet20] [mobilenet]
//     [vgg19] [--data FOLDER] [--backend node]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data); mobilenet needs
// ../shared and `node bench/paper/imagenet-sample.mjs`. Writes results/exchange.json row by row; rows that it
// has are not run again.
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { describeMachine, type AllocationQuestion, type LayerGraph, type Pruner } from '@tersor/core';
import { accuracyOf, cost, networkOutput, outputDivergence } from '@tersor/network';
import { allocationError } from '../../plugins/pruner-channel/src/allocation/allocate.js';
import { exchange } from '../../plugins/pruner-channel/test/exchange.js';
import { addFlatRow, readFlatRows } from '../flat-rows.js';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { openNetwork, prunedTo, type BudgetedNetwork } from './heuristic-network.js';
import { EXAMPLE, MOBILENET, RESNET20, ROOT, VGG19_MODEL } from './networks.js';

const FILE = join(__dirname, 'results/exchange.json');
const SEED = 1;

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
  },
  allowPositionals: true,
});

const NETWORKS: Readonly<Record<string, BudgetedNetwork>> = {
  example: {
    ...EXAMPLE,
    budgets: [{ macs: 0.5 }, { macs: 0.3 }, { macs: 0.15 }],
    minimum: 0.1,
    multiple: 1,
    pruner: {},
  },
  resnet20: {
    ...RESNET20,
    budgets: [{ macs: 0.5 }, { macs: 0.4 }],
    minimum: 0.2,
    multiple: 1,
    pruner: { points: 24 },
  },
  mobilenet: {
    ...MOBILENET,
    budgets: [{ macs: 0.75 }, { macs: 0.6 }],
    minimum: 0.3,
    multiple: 1,
    pruner: { images: 300, points: 24 },
  },
  vgg19: {
    model: VGG19_MODEL,
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    budgets: [{ parameters: 2_200_000 }, { parameters: 1_000_000, macs: 0.12 }],
    minimum: 0.02,
    multiple: 8,
    pruner: {},
  },
};

/** Of one allocation. */
interface Figures {
  readonly counts: readonly number[];
  /** Sum over the groups. */
  readonly error: number;
  /** On the validation images; KL of the outputs in nats. */
  readonly accuracy: number;
  readonly divergence: number;
  readonly macs: number;
  readonly parameters: number;
}

interface Row {
  readonly network: string;
  readonly settings: unknown;
  readonly budget: Record<string, number>;
  readonly greedy: Figures;
  readonly exchanged: Figures;
  /** How much smaller the sum became. */
  readonly gain: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) await measure(name, NETWORKS[name]!);
}

async function measure(name: string, network: BudgetedNetwork): Promise<void> {
  const { host, backend, dataset, graph, groups, validation, scoresOf } = await openNetwork(
    network,
    options.backend,
  );
  const channel = new ChannelPruner(channelPlugin.options.parse(network.pruner));
  await channel.prepare({ graph, groups, dataset, backend, seed: SEED });
  const original = await scoresOf(graph);
  const measured = async (smaller: LayerGraph) => {
    const scores = await scoresOf(smaller);
    const { macs, parameters } = cost(smaller);
    return {
      accuracy: accuracyOf(scores, validation.labels),
      divergence: outputDivergence(original, scores, validation.labels.length, networkOutput(graph)),
      macs,
      parameters,
    };
  };
  for (const budget of network.budgets) {
    const { minimum, multiple } = network;
    const settings = {
      model: relative(ROOT, network.model),
      pruner: network.pruner,
      minimum,
      multiple,
      seed: SEED,
      images: validation.labels.length,
      backend: options.backend,
      machine: describeMachine(),
      node: process.version,
    };
    const asked = [settings, budget];
    if (readFlatRows<Row>(FILE).some((row) => isDeepStrictEqual([row.settings, row.budget], asked))) continue;
    const found: Record<string, Pick<Figures, 'counts' | 'error'>> = {};
    let seconds = 0;
    const pruner = withHeuristics(channel, async (question) => {
      const errors = { errors: await channel.removalErrors!(question.groups) };
      const counts = await channel.heuristics['reconstruction']!(question);
      const started = performance.now();
      const better = exchange(question, errors, counts);
      seconds = (performance.now() - started) / 1000;
      found['greedy'] = { counts, error: allocationError(errors, counts) };
      found['exchanged'] = { counts: better, error: allocationError(errors, better) };
      return better;
    });
    const of = (heuristic: string) => prunedTo(budget, network, graph, pruner, heuristic);
    const exchanged = await measured((await of('exchange')).smaller);
    const greedy = await measured((await of('reconstruction')).smaller);
    const row: Row = {
      network: name,
      settings,
      budget,
      greedy: { ...found['greedy']!, ...greedy },
      exchanged: { ...found['exchanged']!, ...exchanged },
      gain: 1 - found['exchanged']!.error / found['greedy']!.error,
      seconds,
    };
    console.log(name, JSON.stringify(row));
    addFlatRow(FILE, row);
  }
  channel.dispose();
  await host.dispose();
}

/** The pruner with one more heuristic, `exchange`. */
function withHeuristics(
  pruner: ChannelPruner,
  better: (question: AllocationQuestion) => Promise<number[]>,
): Pruner {
  return Object.create(pruner, {
    heuristics: { value: { ...pruner.heuristics, exchange: better } },
  }) as Pruner;
}

void main();
