// What bringing a pruned network's outputs back to the original's on unlabelled training images gives: test
// accuracy after one evaluation, without a refinement and with one of several lengths and seeds; no labels.
// node --conditions=tersor/source --import tsx bench/pruning/refine.ts [example] [resnet20] [vgg19]
//     [mobilenet] [--data FOLDER] [--backend node] [--seeds 1,2,3]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data), mobilenet what
// bench/paper/imagenet-sample.mjs lays out. Writes results/refine.json row by row; rows that it has are not
// run again.
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { describeMachine } from '@tersor/core';
import { addRow, evaluateOnce, readRows } from './evaluate-once.js';
import { EXAMPLE, MOBILENET, RESNET20, ROOT, VGG19_MODEL, type Measured } from './networks.js';

const FILE = join(__dirname, 'results/refine.json');

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
    seeds: { type: 'string', default: '1,2,3' },
  },
  allowPositionals: true,
});

interface Network extends Measured {
  /** Settings of stage 1: one evaluation of a network that is known beforehand. */
  readonly prune: Record<string, unknown>;
  /** Settings of the refinement that are tried, besides none. */
  readonly refine: readonly Record<string, unknown>[];
}

const ALLOCATION = {
  agent: { use: 'heuristic', name: 'reconstruction' },
  pruner: { use: 'channel', criterion: 'reconstruction', images: 500 },
};

const NETWORKS: Readonly<Record<string, Network>> = {
  example: {
    ...EXAMPLE,
    prune: { ...ALLOCATION, minimum: 0.1, images: 400, budget: { macs: 0.15 } },
    refine: [{ steps: 100 }, { steps: 400 }, { steps: 100, learningRate: 0.03 }],
  },
  resnet20: {
    ...RESNET20,
    prune: { ...ALLOCATION, minimum: 0.1, images: 400, budget: { macs: 0.5 } },
    refine: [{ steps: 200 }],
  },
  vgg19: {
    model: VGG19_MODEL,
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    prune: {
      ...ALLOCATION,
      minimum: 0.02,
      multiple: 8,
      images: 500,
      budget: { parameters: 1_000_000, macs: 0.12 },
    },
    refine: [{ steps: 200, images: 10_000 }],
  },
  mobilenet: {
    ...MOBILENET,
    prune: { ...ALLOCATION, minimum: 0.1, images: 300, budget: { macs: 0.75 } },
    refine: [{ steps: 60, learningRate: 0.003 }],
  },
};

interface Row {
  readonly refine: Record<string, unknown> | undefined;
  readonly seed: number;
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) {
    const network = NETWORKS[name]!;
    for (const seed of options.seeds.split(',').map(Number)) {
      for (const refine of [undefined, ...network.refine]) {
        const wanted = { ...(refine && { refine }), seed };
        const done = readRows<Row>(FILE)[name]?.rows ?? [];
        if (done.some((row) => isDeepStrictEqual([row.refine, row.seed], [refine, seed]))) continue;
        const { baseline, pruned, seconds, versions } = await evaluateOnce(network, {
          backend: options.backend,
          seed,
          prune: { ...network.prune, ...(refine && { refine }) },
        });
        const { accuracy, parameters, macs } = pruned;
        const row = { ...wanted, accuracy, parameters, macs, seconds };
        console.log(name, JSON.stringify(row));
        const about = {
          model: relative(ROOT, network.model),
          settings: { ...network.prune, backend: options.backend },
          baseline: { accuracy: baseline.accuracy, parameters: baseline.parameters, macs: baseline.macs },
          versions,
          machine: describeMachine(),
        };
        addRow(FILE, name, about, row);
      }
    }
  }
}

void main();
