// Channels and kernel slices together against channels alone, at equal non-zero multiply-adds and at equal
// bytes of the packed file (all weights in 8 bits), before and after a short fine-tune. No search: the
// heuristic "reconstruction" spreads the budget.
// node --conditions=tersor/source --import tsx bench/pruning/slices.ts [example] [vgg19] [--data FOLDER]
//     [--choose] [--seeds 1,2,3] [--budgets 0.3,0.15] [--backend node]
// FOLDER holds all of CIFAR-10 (default examples/data); vgg19 needs ../shared (the model). Seeds draw the
// training images that are seen, those of the calibration among them, and their order. Writes
// results/slices.json row by row; rows that it has are not run again. --choose measures what share slices
// get, on validation images that nothing was trained on, and does no fine-tune.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cost, readNetwork } from '@tersor/network';
import { createEvaluator, packBits, train, unpackBits, type Evaluator } from '@tersor/compression';
import { createHost, describeMachine, TOKENS, type LayerGraph } from '@tersor/core';
import { pairedDifference, type Difference, type Sample } from '@tersor/study';
import { ROOT } from './networks.js';
import { BITS, packedBytes, prepare, pruned, type Prepared } from './prepared-pruners.js';
import { NETWORKS, type Network } from './slices-networks.js';

const FILE = join(__dirname, 'results/slices.json');
/** Bytes are equal when those of channels alone are not below, and above by no more than this. */
const NEAR = 0.02;

const { values: options, positionals } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, 'examples/data') },
    backend: { type: 'string', default: 'node' },
    seeds: { type: 'string', default: '1,2,3' },
    budgets: { type: 'string' },
    choose: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

interface Figures {
  readonly accuracy: number;
  readonly bytes: number;
  /** Which test images are right: one bit each, as in `outcomes.json`. */
  readonly right: string;
}

type Method = 'channel' | 'channel, equal bytes' | 'both';

interface Row {
  readonly budget: number;
  readonly seed: number;
  readonly method: Method;
  readonly macs: number;
  readonly parameters: number;
  readonly before: Figures;
  readonly after: Figures;
  readonly seconds: number;
}

interface Choice {
  readonly budget: number;
  /** 1: channels alone. */
  readonly share: number;
  readonly validation: number;
  readonly bytes: number;
}

interface Result {
  readonly rows: readonly Row[];
  readonly choices?: readonly Choice[];
}

/** Channels alone with as many bytes: the least budget whose file is not smaller. */
async function withBytes(network: Network, prepared: Prepared, bytes: number, from: number) {
  let [low, high] = [0, 1];
  let budget = from;
  let best = prepared.graph;
  for (let tries = 0; tries < 9; tries++) {
    const made = await pruned(network, prepared, [prepared.channel], budget);
    const own = packedBytes(made);
    if (own >= bytes) {
      [high, best] = [budget, made];
      if (own <= (1 + NEAR) * bytes) break;
    } else low = budget;
    const guess = (budget * (bytes * (1 + NEAR / 2))) / own;
    budget = guess > low && guess < high ? guess : (low + high) / 2;
  }
  return best;
}

async function measured(graph: LayerGraph, evaluator: Evaluator): Promise<Figures> {
  const { accuracy, right } = await evaluator.answers(graph);
  return { accuracy, bytes: packedBytes(graph), right: packBits(right) };
}

async function run(name: string, network: Network): Promise<void> {
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', use: options.backend, options: {} },
      {
        kind: 'dataset',
        name: '',
        path: 'dataset',
        use: 'cifar10',
        options: { dir: resolve(options.data), validation: network.images.validation },
      },
    ],
    directory: ROOT,
    seed: 1,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  try {
    const backend = await host.get(TOKENS.backend);
    const whole = await host.get(TOKENS.dataset);
    await backend.activate();
    const graph = await readNetwork(network.model);
    const evaluate = (split: 'validation' | 'test') =>
      createEvaluator({ backend, dataset: whole, split, images: network.images[split] });
    const settings = {
      ...network,
      model: relative(ROOT, network.model),
      bits: BITS,
      backend: options.backend,
      node: process.version,
      tfjs: '4.22.0',
      machine: describeMachine(),
    };
    if (options.choose) {
      const evaluator = await evaluate('validation');
      const prepared = await prepare(network, { graph, whole, backend }, 1);
      const choices: Choice[] = [];
      for (const share of [1, 0.9, 0.8, 0.7]) {
        for (const budget of network.budgets) {
          const pruners = share < 1 ? [prepared.channel, await prepared.slices(share)] : [prepared.channel];
          const made = await pruned(network, prepared, pruners, budget);
          const validation = await evaluator.accuracy(made);
          choices.push({ budget, share, validation, bytes: packedBytes(made) });
          console.log(name, JSON.stringify(choices.at(-1)));
          save(name, { ...readResults()[name], settings, choices });
        }
      }
      return;
    }
    const evaluator = await evaluate('test');
    const baseline = readResults()[name]?.baseline ?? (await measured(graph, evaluator));
    for (const seed of options.seeds.split(',').map(Number)) {
      let prepared: Prepared | undefined;
      for (const budget of options.budgets?.split(',').map(Number) ?? network.budgets) {
        for (const method of ['both', 'channel', 'channel, equal bytes'] as const) {
          const done = readResults()[name]?.rows ?? [];
          const same = (row: Row) => row.budget === budget && row.seed === seed;
          if (done.some((row) => same(row) && row.method === method)) continue;
          await backend.activate();
          prepared ??= await prepare(network, { graph, whole, backend }, seed);
          const started = performance.now();
          const made =
            method === 'channel, equal bytes'
              ? await withBytes(
                  network,
                  prepared,
                  done.find((row) => same(row) && row.method === 'both')!.before.bytes,
                  budget,
                )
              : await pruned(
                  network,
                  prepared,
                  method === 'both'
                    ? [prepared.channel, await prepared.slices(network.share)]
                    : [prepared.channel],
                  budget,
                );
          const before = await measured(made, evaluator);
          const { graph: trained } = await train({
            graph: made,
            backend,
            dataset: prepared.dataset,
            options: network.finetune,
            seed,
            keepZeros: true,
          });
          await backend.activate();
          const { macsWithoutZeroSlices: macs, parametersWithoutZeroSlices: parameters } = cost(made);
          const after = await measured(trained, evaluator);
          const seconds = (performance.now() - started) / 1000;
          const row: Row = { budget, seed, method, macs, parameters, before, after, seconds };
          const told = [before, after].map(
            ({ accuracy, bytes }) => `${(100 * accuracy).toFixed(2)}% ${bytes}`,
          );
          console.log(name, budget, seed, method, macs, ...told, seconds.toFixed(0));
          const rows = [...done, row];
          save(name, {
            ...readResults()[name],
            settings,
            baseline,
            rows,
            differences: differencesOf(rows, network),
          });
        }
      }
    }
  } finally {
    await host.dispose();
  }
}

/** Both against channels alone, over the seeds that both have; intervals where there are three. */
function differencesOf(rows: readonly Row[], { budgets, images }: Network) {
  return budgets.flatMap((budget) =>
    (['channel', 'channel, equal bytes'] as const).flatMap((against) =>
      (['before', 'after'] as const).flatMap((when) => {
        const of = (method: Method) =>
          new Map(
            rows
              .filter((row) => row.budget === budget && row.method === method)
              .map((row) => [row.seed, sampleOf(row[when], images.test)]),
          );
        const difference: Difference | undefined = pairedDifference(of('both'), of(against));
        return difference ? [{ budget, against, when, ...difference }] : [];
      }),
    ),
  );
}

function sampleOf({ accuracy, right }: Figures, count: number): Sample {
  const outcomes = unpackBits(right, count);
  return {
    value: accuracy,
    images: { id: 'test', count, variance: accuracy * (1 - accuracy), ...(outcomes && { outcomes }) },
  };
}

const readResults = () =>
  existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Result & { readonly baseline?: Figures }>)
    : {};

/** Read again before: another network may be run at the same time. */
function save(name: string, result: object): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readResults(), [name]: result }, undefined, 1)}\n`);
}

async function main(): Promise<void> {
  for (const name of positionals.length > 0 ? positionals : ['example', 'vgg19'])
    await run(name, NETWORKS[name]!);
}

void main();
