// What second moments are worth with no training and no labels: test accuracy after one evaluation, channels
// ranked by norm or by reconstruction, spread by magnitude or by reconstruction; kernel slices with and
// without the refit.
// node --conditions=tersor/source --import tsx bench/pruning/reconstruction.ts [example] [resnet20]
//     [mobilenet] [slices] [vgg19]
//     [--data FOLDER] [--backend node]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data); mobilenet needs
// ../shared and `node bench/paper/imagenet-sample.mjs`. Writes
// results/reconstruction.json row by row; rows that it has are not run again.
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import type { Summary } from '@tersor/compression';
import { describeMachine } from '@tersor/core';
import { addRow, evaluateOnce, readRows } from './evaluate-once.js';
import { EXAMPLE, MOBILENET, RESNET20, ROOT, VGG19_MODEL, type Measured } from './networks.js';

const FILE = join(__dirname, 'results/reconstruction.json');

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
  },
  allowPositionals: true,
});

interface Network extends Measured {
  readonly budgets: readonly Record<string, number>[];
  /** Other settings of stage 1. */
  readonly prune: Record<string, unknown>;
  /** What is tried at each budget. */
  readonly methods: readonly Method[];
}

interface Method {
  readonly agent: Record<string, unknown>;
  readonly pruner: Record<string, unknown>;
  /** Seeds, which draw the images of the moments; 1 where there are none. */
  readonly seeds?: readonly number[];
}

const channels = (criterion: string, more: Record<string, unknown> = {}) => ({
  use: 'channel',
  criterion,
  images: 500,
  ...more,
});
const slices = (ranking: string, reconstruct = 'least-squares') => ({
  use: 'variational',
  ranking,
  reconstruct,
});
const UNIFORM = { use: 'uniform' };
const MAGNITUDE = { use: 'magnitude' };
const ALLOCATION = { use: 'heuristic', name: 'reconstruction' };
/** With 300 images of 224x224, more positions of each: chosen on the validation images, as the ridge was. */
const FEW_IMAGES = channels('reconstruction', { images: 300, points: 24 });
/** The ridge before it followed the images. */
const FIXED = { ridge: 1e-3 };
const HELD_OUT = { ridge: 'held-out' };
const PROBED = { weights: 'probed' };
const SEEDS = [1, 2, 3];

const NETWORKS: Readonly<Record<string, Network>> = {
  example: {
    ...EXAMPLE,
    budgets: [{ macs: 0.5 }, { macs: 0.3 }, { macs: 0.15 }],
    prune: { minimum: 0.1, multiple: 1, images: 400 },
    methods: [
      { agent: MAGNITUDE, pruner: channels('l2') },
      { agent: MAGNITUDE, pruner: channels('reconstruction', FIXED) },
      { agent: ALLOCATION, pruner: channels('reconstruction', FIXED) },
      { agent: ALLOCATION, pruner: channels('reconstruction'), seeds: SEEDS },
      { agent: ALLOCATION, pruner: channels('reconstruction', PROBED) },
    ],
  },
  resnet20: {
    ...RESNET20,
    budgets: [{ macs: 0.5 }],
    prune: { minimum: 0.2, multiple: 1, images: 1000 },
    methods: [
      { agent: MAGNITUDE, pruner: channels('l2') },
      { agent: ALLOCATION, pruner: channels('reconstruction', FIXED) },
      { agent: ALLOCATION, pruner: channels('reconstruction'), seeds: SEEDS },
      { agent: ALLOCATION, pruner: channels('reconstruction', PROBED) },
    ],
  },
  mobilenet: {
    ...MOBILENET,
    budgets: [{ macs: 0.75 }],
    prune: { minimum: 0.3, multiple: 1, images: 300 },
    methods: [
      { agent: ALLOCATION, pruner: channels('reconstruction', { images: 300, ...FIXED }) },
      { agent: ALLOCATION, pruner: FEW_IMAGES, seeds: SEEDS },
      { agent: ALLOCATION, pruner: { ...FEW_IMAGES, ...PROBED } },
      { agent: { use: 'ddpg', episodes: 30 }, pruner: FEW_IMAGES },
    ],
  },
  slices: {
    ...EXAMPLE,
    budgets: [{ macs: 0.3 }, { macs: 0.5 }],
    prune: { minimum: 0.1, multiple: 1, images: 400 },
    methods: [
      { agent: ALLOCATION, pruner: slices('reconstruction') },
      { agent: UNIFORM, pruner: slices('reconstruction') },
      { agent: UNIFORM, pruner: slices('norm') },
      { agent: UNIFORM, pruner: slices('norm', 'none') },
      { agent: UNIFORM, pruner: slices('information') },
      { agent: UNIFORM, pruner: slices('information', 'none') },
    ],
  },
  vgg19: {
    model: VGG19_MODEL,
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    budgets: [{ parameters: 2_200_000 }, { parameters: 1_000_000, macs: 0.12 }],
    prune: { minimum: 0.02, multiple: 8, images: 500 },
    methods: [
      { agent: ALLOCATION, pruner: channels('reconstruction', FIXED) },
      { agent: ALLOCATION, pruner: channels('reconstruction'), seeds: SEEDS },
      { agent: ALLOCATION, pruner: channels('reconstruction', HELD_OUT), seeds: SEEDS },
      {
        agent: ALLOCATION,
        pruner: channels('reconstruction', { ...FIXED, maximumInputs: 2304, points: 20 }),
      },
      { agent: MAGNITUDE, pruner: channels('l2') },
    ],
  },
};

/** The config of a method's agent: the results name it with its episodes, which are the search's. */
function searchOf({ episodes, ...agent }: Method['agent']): Record<string, unknown> {
  return { agent, search: { episodes: episodes ?? 1 } };
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) {
    const network = NETWORKS[name]!;
    for (const budget of network.budgets) {
      for (const { agent, pruner, seeds = [1] } of network.methods)
        for (const seed of seeds) await measure(name, network, { budget, agent, pruner, seed });
    }
  }
}

interface Row {
  readonly budget: Record<string, number>;
  readonly agent: Record<string, unknown>;
  readonly pruner: Record<string, unknown>;
  readonly seed: number;
}

/** Adds the row of one run to the results, unless they have it. */
async function measure(name: string, network: Network, asked: Row): Promise<void> {
  const { budget, agent, pruner, seed } = asked;
  const done = readRows<Row>(FILE)[name]?.rows ?? [];
  const has = (row: Row) =>
    isDeepStrictEqual([row.budget, row.agent, row.pruner, row.seed], Object.values(asked));
  if (done.some(has)) return;
  const { baseline, pruned, seconds, versions } = await evaluateOnce(network, {
    backend: options.backend,
    seed,
    prune: { ...network.prune, ...searchOf(agent), pruner, budget },
  });
  const row = { ...asked, accuracy: pruned.accuracy, ...figures(pruned), seconds };
  console.log(JSON.stringify(row));
  const about = {
    model: relative(ROOT, network.model),
    settings: { ...network.prune, backend: options.backend },
    baseline: { accuracy: baseline.accuracy, ...figures(baseline) },
    versions,
    machine: describeMachine(),
  };
  addRow(FILE, name, about, row);
}

function figures({ parameters, macs }: Summary['pruned']): { parameters: number; macs: number } {
  return { parameters, macs };
}

void main();
