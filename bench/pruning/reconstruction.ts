// What second moments are worth with no training and no labels: test accuracy after one evaluation, channels
// ranked by norm or by reconstruction, spread by magnitude or by reconstruction.
// node --conditions=tersor/source --import tsx bench/pruning/reconstruction.ts [example] [vgg19]
//     [--data FOLDER] [--backend node]
// vgg19 needs ../shared (the model) and all of CIFAR-10 in FOLDER (default examples/data). Writes
// results/reconstruction.json row by row; rows that it has are not run again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { compress, type Summary } from '@tersor/compression';
import { compressConfigSchema, describeMachine } from '@tersor/core';

const ROOT = resolve(__dirname, '../..');
const FILE = join(__dirname, 'results/reconstruction.json');

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
  },
  allowPositionals: true,
});

interface Network {
  readonly model: string;
  readonly dataset: Record<string, unknown>;
  readonly budgets: readonly Record<string, number>[];
  /** Other settings of stage 1. */
  readonly prune: Record<string, unknown>;
  /** What is tried at each budget. */
  readonly methods: readonly Method[];
}

interface Method {
  readonly criterion: string;
  readonly agent: Record<string, unknown>;
  /** Other options of the pruner. */
  readonly pruner?: Record<string, unknown>;
}

const ALLOCATION = {
  criterion: 'reconstruction',
  agent: { use: 'heuristic', name: 'reconstruction', episodes: 1 },
};
const METHODS: readonly Method[] = [
  { criterion: 'l2', agent: { use: 'magnitude', episodes: 1 } },
  { criterion: 'reconstruction', agent: { use: 'magnitude', episodes: 1 } },
  ALLOCATION,
];

const NETWORKS: Readonly<Record<string, Network>> = {
  example: {
    model: join(ROOT, 'examples/vgg-small/model/model.json'),
    dataset: { use: 'cifar10', dir: join(ROOT, 'examples/data/cifar-10-mini'), validation: 1000 },
    budgets: [{ macs: 0.5 }, { macs: 0.3 }, { macs: 0.15 }],
    prune: { minimum: 0.1, round: 1, images: 400 },
    methods: METHODS,
  },
  vgg19: {
    model: resolve(ROOT, '../shared/data/models/vgg19-cifar10/model.json'),
    dataset: { use: 'cifar10', dir: resolve(options.data), validation: 2000 },
    budgets: [{ parameters: 2_200_000 }, { parameters: 1_000_000, macs: 0.12 }],
    prune: { minimum: 0.02, round: 8, images: 500 },
    methods: [ALLOCATION, { ...ALLOCATION, pruner: { maximumInputs: 2304, points: 20 } }, METHODS[0]!],
  },
};

async function run(network: Network, prune: Record<string, unknown>): Promise<Summary> {
  const output = await mkdtemp(join(tmpdir(), 'tersor-reconstruction-'));
  try {
    const config = compressConfigSchema.parse({
      model: network.model,
      dataset: network.dataset,
      backend: options.backend,
      seed: 1,
      prune: { reward: 'accuracy', finetune: { epochs: 0 }, ...network.prune, ...prune },
      output: join(output, 'out'),
    });
    return await compress({
      config,
      directory: ROOT,
      output: join(output, 'out'),
      searchFrom: [join(ROOT, 'packages/cli')],
    });
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example']) {
    const network = NETWORKS[name]!;
    for (const budget of network.budgets) {
      for (const { criterion, agent, pruner: more } of network.methods) {
        const pruner = { use: 'channel', criterion, images: 500, ...more };
        const results = existsSync(FILE)
          ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, { rows: Row[] }>)
          : {};
        const rows = results[name]?.rows ?? [];
        if (
          rows.some((row) => isDeepStrictEqual([row.budget, row.agent, row.pruner], [budget, agent, pruner]))
        )
          continue;
        const { baseline, pruned, seconds, versions } = await run(network, { agent, pruner, budget });
        const row = { budget, agent, pruner, accuracy: pruned.accuracy, ...figures(pruned), seconds };
        console.log(JSON.stringify(row));
        const result = {
          model: relative(ROOT, network.model),
          settings: { ...network.prune, seed: 1, backend: options.backend },
          baseline: { accuracy: baseline.accuracy, ...figures(baseline) },
          versions,
          machine: describeMachine(),
          rows: [...rows, row],
        };
        writeFileSync(FILE, `${JSON.stringify({ ...results, [name]: result }, undefined, 1)}\n`);
      }
    }
  }
}

interface Row {
  readonly budget: Record<string, number>;
  readonly agent: Record<string, unknown>;
  readonly pruner: Record<string, unknown>;
}

function figures({ parameters, macs }: Summary['pruned']): { parameters: number; macs: number } {
  return { parameters, macs };
}

void main();
