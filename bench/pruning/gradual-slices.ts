// Do slices that go little by little during the fine-tune leave a better network than the same number of
// them that go at once, with a refit, before it? The example with channels and slices spread by the heuristic
// reconstruction: all slices before the fine-tune, as the pruner does it, or a cubic rise of their number
// (Zhu and Gupta 2017) over the rounds of its first half, those with the least norm at the time first. The
// channels, the number of slices of each layer, and the training are the same.
// node --conditions=tersor/source --import tsx bench/pruning/gradual-slices.ts [--seeds 1,2,3] [--epochs 4]
//     [--backend node]
// Writes results/gradual-slices.json row by row; rows that it has are not run again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createEvaluator, train } from '@tersor/compression';
import {
  createRandom,
  describeMachine,
  type Dataset,
  type GraphLayer,
  type LayerGraph,
  type PrunePlan,
  type Pruner,
} from '@tersor/core';
import { cost, isKernel } from '@tersor/network';
import { EXAMPLE, ROOT } from './networks.js';
import { openExample } from './open-example.js';
import { prepare, pruned } from './prepared-pruners.js';
import { NETWORKS } from './slices-networks.js';

const FILE = join(__dirname, 'results/gradual-slices.json');
const NETWORK = NETWORKS['example']!;
/** Rounds of a gradual removal, in the first half of the fine-tune. */
const ROUNDS = 4;

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    epochs: { type: 'string', default: '4' },
    backend: { type: 'string', default: 'node' },
  },
});
const epochs = Number(options.epochs);

interface Row {
  readonly budget: number;
  readonly seed: number;
  readonly epochs: number;
  readonly slices: 'at once' | 'gradually';
  readonly macs: number;
  readonly before: number;
  readonly after: number;
}

const readRows = (): readonly Row[] =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as { rows: Row[] }).rows : [];

const kernelOf = ({ weights }: GraphLayer) =>
  weights.find((weight) => isKernel(weight) && weight.shape.length > 1);

/** Sum of squares of every slice (input channel, output channel) of a kernel. */
function energies(layer: GraphLayer): Float64Array {
  const { data, shape } = kernelOf(layer)!;
  const slices = new Float64Array(shape.at(-1)! * shape.at(-2)!);
  data.forEach((value, i) => (slices[i % slices.length]! += value ** 2));
  return slices;
}

/** How many slices of each layer are zero. */
function zeroSlices(graph: LayerGraph): Map<string, number> {
  return new Map(
    graph.layers
      .filter(kernelOf)
      .map((layer) => [layer.name, energies(layer).filter((energy) => energy === 0).length]),
  );
}

/** With the slices of the least norm zeroed, so many of each layer. */
function withZeros(graph: LayerGraph, counts: ReadonlyMap<string, number>): LayerGraph {
  const layers = graph.layers.map((layer) => {
    const count = Math.round(counts.get(layer.name) ?? 0);
    if (count === 0) return layer;
    const found = energies(layer);
    const gone = new Set([...found.keys()].sort((a, b) => found[a]! - found[b]! || a - b).slice(0, count));
    const kernel = kernelOf(layer)!;
    const data = kernel.data.map((value, i) => (gone.has(i % found.length) ? 0 : value));
    return {
      ...layer,
      weights: layer.weights.map((weight) => (weight === kernel ? { ...weight, data } : weight)),
    };
  });
  return { ...graph, layers };
}

/** A part of the training images, another one for each round. */
function shareOf(dataset: Dataset, round: number, rounds: number, seed: number): Dataset {
  const order = createRandom(seed, 'gradual').permutation(dataset.size('train'));
  const each = Math.floor(order.length / rounds);
  const chosen = order.slice(round * each, (round + 1) * each);
  return {
    ...dataset,
    size: (split) => (split === 'train' ? chosen.length : dataset.size(split)),
    read: (split, indexes) =>
      dataset.read(split, split === 'train' ? indexes.map((i) => chosen[i]!) : indexes),
  };
}

/** Half of the epochs in rounds of equal length, the other half with a falling learning rate. */
async function finetuned(
  start: LayerGraph,
  { dataset, backend, seed }: Awaited<ReturnType<typeof prepare>>,
  atRound: (graph: LayerGraph, round: number) => LayerGraph,
): Promise<LayerGraph> {
  let graph = start;
  for (let round = 0; round < ROUNDS; round++) {
    graph = atRound(graph, round);
    const part = shareOf(dataset, round, ROUNDS, seed);
    const settings = { ...NETWORK.finetune, schedule: 'constant' as const, epochs: epochs / 2 };
    ({ graph } = await train({ graph, backend, dataset: part, options: settings, seed, keepZeros: true }));
  }
  const settings = { ...NETWORK.finetune, epochs: epochs / 2 };
  ({ graph } = await train({ graph, backend, dataset, options: settings, seed, keepZeros: true }));
  await backend.activate();
  return graph;
}

/** The same pruner of channels; `steps` has what it carried out last. */
function watched(pruner: Pruner): { readonly pruner: Pruner; readonly steps: () => PrunePlan } {
  let steps: PrunePlan = [];
  const apply: Pruner['apply'] = (graph, plan) => pruner.apply(graph, (steps = plan));
  return { pruner: Object.assign(Object.create(pruner) as Pruner, { apply }), steps: () => steps };
}

async function main(): Promise<void> {
  const { host, backend, whole, graph } = await openExample(options.backend);
  const evaluator = await createEvaluator({ backend, dataset: whole, split: 'test', images: 1000 });
  const settings = {
    model: relative(ROOT, EXAMPLE.model),
    images: { train: NETWORK.images.train, test: 1000 },
    finetune: NETWORK.finetune,
    rounds: ROUNDS,
    share: NETWORK.share,
    backend: options.backend,
    node: process.version,
    tfjs: '4.22.0',
    machine: describeMachine(),
  };
  for (const seed of options.seeds.split(',').map(Number)) {
    for (const budget of NETWORK.budgets) {
      const isDone = (slices: Row['slices']) =>
        readRows().some((row) =>
          isDeepStrictEqual([row.budget, row.seed, row.epochs, row.slices], [budget, seed, epochs, slices]),
        );
      if (isDone('at once') && isDone('gradually')) continue;
      const prepared = await prepare(NETWORK, { graph, whole, backend }, seed);
      const slices = await prepared.slices(NETWORK.share);
      const { pruner: channel, steps } = watched(prepared.channel);
      const atOnce = await pruned(NETWORK, prepared, [channel, slices], budget);
      // The same channels, with all of their slices.
      const unsliced = prepared.channel.apply(graph, steps());
      const counts = zeroSlices(atOnce);
      const gradually = (current: LayerGraph, round: number) => {
        const share = 1 - (1 - (round + 1) / ROUNDS) ** 3;
        return withZeros(current, new Map([...counts].map(([layer, count]) => [layer, share * count])));
      };
      for (const [way, start, atRound] of [
        ['at once', atOnce, (current: LayerGraph) => current],
        ['gradually', unsliced, gradually],
      ] as const) {
        if (isDone(way)) continue;
        const before = await evaluator.accuracy(start);
        const trained = await finetuned(start, prepared, atRound);
        const after = await evaluator.accuracy(trained);
        const { macsWithoutZeroSlices: macs } = cost(trained);
        const row: Row = { budget, seed, epochs, slices: way, macs, before, after };
        console.log(JSON.stringify(row));
        writeFileSync(FILE, `${JSON.stringify({ settings, rows: [...readRows(), row] }, undefined, 1)}\n`);
      }
    }
  }
  await host.dispose();
}

void main();
