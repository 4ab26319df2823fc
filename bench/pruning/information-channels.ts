// Is what a channel says under noise a better reason to keep it than what its readers lose without it? The
// example with channels ranked by one noise a channel (channel-noise.ts), by reconstruction and by norm, the
// numbers of channels those of the heuristic reconstruction; and with the numbers that follow from one
// threshold of information. All refit; before and after a short fine-tune.
// node --conditions=tersor/source --import tsx bench/pruning/information-channels.ts [--choose]
//     [--seeds 1,2,3] [--backend node]
// Seeds draw the training images that are seen, and the noise. Writes results/information-channels.json row
// by row; rows that it has are not run again. --choose measures the weights of the KL term on validation
// images, before the fine-tune.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createEvaluator, train } from '@tersor/compression';
import { describeMachine, type ChannelGroup, type LayerGraph, type Pruner } from '@tersor/core';
import { channelCost, channelGroups, cost } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { channelInformation, NOISE, saidBy, type ChannelInformation } from './channel-noise.js';
import { EXAMPLE, ROOT } from './networks.js';
import { openExample } from './open-example.js';
import { prepare, pruned, type Prepared } from './prepared-pruners.js';
import { NETWORKS } from './slices-networks.js';

const FILE = join(__dirname, 'results/information-channels.json');
const NETWORK = NETWORKS['example']!;
const KL_WEIGHTS = [1e-4, 1e-3, 1e-2];
/** The one of the three that validation images prefer at 30%. */
const KL_WEIGHT = 1e-4;

const { values: options } = parseArgs({
  options: {
    choose: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1,2,3' },
    backend: { type: 'string', default: 'node' },
  },
});

interface Row {
  readonly budget: number;
  readonly seed: number;
  readonly klWeight: number;
  readonly ranking: 'information' | 'reconstruction' | 'l2';
  readonly allocation: 'reconstruction' | 'threshold';
  readonly macs: number;
  readonly parameters: number;
  readonly before: number;
  readonly after: number;
}

interface Choice {
  readonly klWeight: number;
  readonly budget: number;
  readonly allocation: Row['allocation'];
  readonly validation: number;
}

interface Results {
  readonly settings?: unknown;
  readonly choices?: readonly Choice[];
  readonly rows?: readonly Row[];
}

const readResults = (): Results =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results) : {};

function save(results: Results): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readResults(), ...results }, undefined, 1)}\n`);
}

/** The channel pruner with another ranking; its refit and its heuristic stay. */
function rankedBy(pruner: Pruner, information: ChannelInformation): Pruner {
  const plan = (group: ChannelGroup, { channels = group.channels }: { channels?: number }) => {
    const said = saidBy(group, information);
    const order = [...said.keys()].sort((a, b) => said[b]! - said[a]! || a - b);
    const count = Math.min(group.channels, Math.max(1, Math.round(channels)));
    const step = { pruner: pruner.id, group: group.name };
    return count === group.channels ? step : { ...step, keep: order.slice(0, count).sort((a, b) => a - b) };
  };
  return Object.assign(Object.create(pruner) as Pruner, { plan });
}

/** Channels of all groups that say less than a threshold go, the lowest that keeps the budget. */
async function atThreshold(
  graph: LayerGraph,
  pruner: Pruner,
  information: ChannelInformation,
  budget: number,
) {
  const { groups } = channelGroups(graph);
  const costAt = channelCost(graph, groups);
  const said = groups.map((group) => saidBy(group, information));
  const fewest = groups.map(({ channels }) => Math.max(1, Math.ceil(NETWORK.minimum * channels)));
  const countsAt = (threshold: number) =>
    said.map((values, i) => Math.max(fewest[i]!, values.filter((value) => value > threshold).length));
  const thresholds = said.flat().sort((a, b) => a - b);
  const threshold = thresholds.find((each) => costAt(countsAt(each)).macs <= budget * cost(graph).macs)!;
  const counts = countsAt(threshold);
  const plan = groups.map((group, i) => pruner.plan(group, { channels: counts[i]! }));
  return pruner.adapt!(pruner.apply(graph, plan), plan);
}

/** The networks that are compared. */
const METHODS: readonly {
  readonly ranking: Row['ranking'];
  readonly allocation: Row['allocation'];
  make(prepared: Prepared, information: ChannelInformation, budget: number): Promise<LayerGraph>;
}[] = [
  {
    ranking: 'reconstruction',
    allocation: 'reconstruction',
    make: (prepared, _information, budget) => pruned(NETWORK, prepared, [prepared.channel], budget),
  },
  {
    ranking: 'information',
    allocation: 'reconstruction',
    make: (prepared, information, budget) =>
      pruned(NETWORK, prepared, [rankedBy(prepared.channel, information)], budget),
  },
  {
    ranking: 'information',
    allocation: 'threshold',
    make: ({ graph, channel }, information, budget) =>
      atThreshold(graph, rankedBy(channel, information), information, budget),
  },
  {
    ranking: 'l2',
    allocation: 'reconstruction',
    make: async (prepared, _information, budget) => {
      const { graph, dataset, backend, seed } = prepared;
      const pruner = new ChannelPruner(channelPlugin.options.parse({ criterion: 'l2', ridge: 'shrinkage' }));
      await pruner.prepare({ graph, groups: channelGroups(graph).groups, dataset, backend, seed });
      const made = await pruned(NETWORK, prepared, [pruner], budget);
      pruner.dispose();
      return made;
    },
  },
];

async function main(): Promise<void> {
  const { host, backend, whole, graph } = await openExample(options.backend);
  const split = options.choose ? 'validation' : 'test';
  const evaluator = await createEvaluator({ backend, dataset: whole, split, images: 1000 });
  const settings = {
    model: relative(ROOT, EXAMPLE.model),
    noise: NOISE,
    images: { train: NETWORK.images.train, validation: 1000, test: 1000 },
    finetune: NETWORK.finetune,
    minimum: NETWORK.minimum,
    backend: options.backend,
    node: process.version,
    tfjs: '4.22.0',
    machine: describeMachine(),
  };
  if (options.choose) {
    const prepared = await prepare(NETWORK, { graph, whole, backend }, 1);
    const choices: Choice[] = [];
    for (const klWeight of KL_WEIGHTS) {
      const information = await channelInformation(graph, prepared.dataset, 1, klWeight);
      for (const { ranking, allocation, make } of METHODS) {
        if (ranking !== 'information') continue;
        const validation = await evaluator.accuracy(await make(prepared, information, 0.3));
        choices.push({ klWeight, budget: 0.3, allocation, validation });
        console.log(JSON.stringify(choices.at(-1)));
      }
    }
    save({ settings, choices });
    return host.dispose();
  }
  for (const seed of options.seeds.split(',').map(Number)) {
    let setting: { readonly prepared: Prepared; readonly information: ChannelInformation } | undefined;
    for (const budget of NETWORK.budgets) {
      for (const { ranking, allocation, make } of METHODS) {
        const asked = [budget, seed, ranking, allocation];
        const done = readResults().rows ?? [];
        const has = (row: Row) =>
          isDeepStrictEqual([row.budget, row.seed, row.ranking, row.allocation], asked);
        if (done.some(has)) continue;
        if (!setting) {
          const prepared = await prepare(NETWORK, { graph, whole, backend }, seed);
          setting = {
            prepared,
            information: await channelInformation(graph, prepared.dataset, seed, KL_WEIGHT),
          };
        }
        const made = await make(setting.prepared, setting.information, budget);
        const before = await evaluator.accuracy(made);
        const { dataset } = setting.prepared;
        const trained = await train({ graph: made, backend, dataset, options: NETWORK.finetune, seed });
        await backend.activate();
        const after = await evaluator.accuracy(trained.graph);
        const { macs, parameters } = cost(made);
        const about = { budget, seed, klWeight: KL_WEIGHT, ranking, allocation };
        const row: Row = { ...about, macs, parameters, before, after };
        console.log(JSON.stringify(row));
        save({ settings, rows: [...done, row] });
      }
    }
  }
  await host.dispose();
}

void main();
