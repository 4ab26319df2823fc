// What bringing a pruned network's outputs back to the original's on unlabelled training images gives: test
// accuracy after one evaluation, without a refinement and with one of several lengths and seeds; no labels.
// node --conditions=tersor/source --import tsx bench/pruning/refine.ts [example] [resnet20] [vgg19]
//     [mobilenet] [--data FOLDER] [--backend node] [--seeds 1,2,3]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data), mobilenet what
// bench/paper/imagenet-sample.mjs lays out. Writes results/refine.json row by row; rows that it has are not
// run again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { compress, type Summary } from '@tersor/compression';
import { compressConfigSchema, describeMachine } from '@tersor/core';

const ROOT = resolve(__dirname, '../..');
const FILE = join(__dirname, 'results/refine.json');

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
    seeds: { type: 'string', default: '1,2,3' },
  },
  allowPositionals: true,
});

interface Network {
  readonly model: string;
  readonly dataset: Record<string, unknown>;
  /** Settings of stage 1: one evaluation of a network that is known beforehand. */
  readonly prune: Record<string, unknown>;
  /** Settings of the refinement that are tried, besides none. */
  readonly refine: readonly Record<string, unknown>[];
}

const ALLOCATION = {
  agent: { use: 'heuristic', name: 'reconstruction' },
  pruner: { use: 'channel', criterion: 'reconstruction', images: 500 },
};
const MINI = { use: 'cifar10', dir: join(ROOT, 'examples/data/cifar-10-mini'), validation: 1000 };

const NETWORKS: Readonly<Record<string, Network>> = {
  example: {
    model: join(ROOT, 'examples/vgg-small/model/model.json'),
    dataset: MINI,
    prune: { ...ALLOCATION, minimum: 0.1, images: 400, budget: { macs: 0.15 } },
    refine: [{ steps: 100 }, { steps: 400 }, { steps: 100, learningRate: 0.03 }],
  },
  resnet20: {
    model: join(ROOT, 'examples/resnet20/model/model.json'),
    dataset: MINI,
    prune: { ...ALLOCATION, minimum: 0.1, images: 400, budget: { macs: 0.5 } },
    refine: [{ steps: 200 }],
  },
  vgg19: {
    model: resolve(ROOT, '../shared/data/models/vgg19-cifar10/model.json'),
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    prune: {
      ...ALLOCATION,
      minimum: 0.02,
      round: 8,
      images: 500,
      budget: { parameters: 1_000_000, macs: 0.12 },
    },
    refine: [{ steps: 200, images: 10_000 }],
  },
  mobilenet: {
    model: resolve(ROOT, '../shared/data/models/mobilenet_v1_025_224/model.json'),
    dataset: {
      use: 'image-folder',
      dir: join(ROOT, 'examples/data/imagenet-sample'),
      train: 'search.txt',
      test: 'test.txt',
      classes: 'classes.txt',
      validation: 300,
      normalize: 'minus-one-to-one',
    },
    prune: { ...ALLOCATION, minimum: 0.1, images: 300, budget: { macs: 0.75 } },
    refine: [{ steps: 60, learningRate: 0.003 }],
  },
};

interface Row {
  readonly refine: Record<string, unknown> | undefined;
  readonly seed: number;
}

async function run(network: Network, { refine, seed }: Row): Promise<Summary> {
  const output = await mkdtemp(join(tmpdir(), 'tersor-refine-'));
  try {
    const config = compressConfigSchema.parse({
      model: network.model,
      dataset: network.dataset,
      backend: options.backend,
      seed,
      prune: {
        search: { episodes: 1 },
        reward: 'accuracy',
        finetune: { epochs: 0 },
        ...network.prune,
        ...(refine && { refine }),
      },
      output: join(output, 'out'),
    });
    return await compress({
      config,
      directory: ROOT,
      output: join(output, 'out'),
      searchFrom: [join(ROOT, 'packages/cli')],
      events: { onNotice: (text) => console.log(`note: ${text}`) },
    });
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) {
    const network = NETWORKS[name]!;
    for (const seed of options.seeds.split(',').map(Number)) {
      for (const refine of [undefined, ...network.refine]) {
        const wanted = { ...(refine && { refine }), seed };
        const done = readResults()[name]?.rows ?? [];
        if (done.some((row) => isDeepStrictEqual([row.refine, row.seed], [refine, seed]))) continue;
        const { baseline, pruned, seconds, versions } = await run(network, { refine, seed });
        const { accuracy, parameters, macs } = pruned;
        const row = { ...wanted, accuracy, parameters, macs, seconds };
        console.log(name, JSON.stringify(row));
        // Read again: another network may be run at the same time.
        const results = readResults();
        const result = {
          model: relative(ROOT, network.model),
          settings: { ...network.prune, backend: options.backend },
          baseline: { accuracy: baseline.accuracy, parameters: baseline.parameters, macs: baseline.macs },
          versions,
          machine: describeMachine(),
          rows: [...(results[name]?.rows ?? []), row],
        };
        writeFileSync(FILE, `${JSON.stringify({ ...results, [name]: result }, undefined, 1)}\n`);
      }
    }
  }
}

const readResults = () =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, { rows: Row[] }>) : {};

void main();
