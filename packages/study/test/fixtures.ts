import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerFigures, Summary } from '@tersor/compression';
import {
  parseConfig,
  type CompressConfig,
  type FilePlace,
  type RunIdentity,
  type TrialRunner,
} from '@tersor/core';
import type { EpisodeLine, Stage } from '../src/results/run-records.js';
import { studySchema, type Study } from '../src/plan/study-schema.js';

const CONFIG = `
model: model.json
dataset: cifar10
prune: { agent: ddpg, search: { episodes: 5 }, pruner: channel, budget: { macs: 0.5 } }
quantize: { agent: ddpg, budget: { bytes: 0.1 } }
`;

/** Creates a folder with a config, and returns the path of a study in it. */
export async function studyFolder(): Promise<{ folder: string; path: string; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-study-'));
  await writeFile(join(folder, 'compress.yaml'), CONFIG);
  return { folder, path: join(folder, 'study.yaml'), output: join(folder, 'out') };
}

export function makeStudy(changes: object = {}): Study {
  return parseConfig(
    {
      name: 'agents',
      config: 'compress.yaml',
      grid: { 'prune.agent.use': ['ddpg', 'random'] },
      seeds: [1, 2],
      output: 'out',
      ...changes,
    },
    studySchema,
  );
}

/** A summary whose figures follow from its config by a simple rule, so that tests know the answers. */
export function summaryOf(config: CompressConfig): Summary {
  const agent = String(config.prune?.agent['use'] ?? 'ddpg');
  const accuracy = (agent === 'ddpg' ? 0.8 : 0.7) + 0.01 * config.seed;
  const figures = (test: number, bytes: number, macs: number) => ({
    accuracy: { validation: test - 0.005, test },
    parameters: bytes / 4,
    macs,
    macsWithoutZeroSlices: macs,
    bytes,
  });
  const compressed = figures(accuracy, 50_000 + config.seed, 4_000_000);
  const search = (bestReward: number) => ({ agent, episodes: 5, evaluations: 5, bestReward, seconds: 2 });
  return {
    baseline: figures(0.85, 600_000, 8_000_000),
    pruned: figures(accuracy, 300_000, 4_000_000),
    compressed,
    ratio: { parameters: 2, macs: 2, bytes: 600_000 / compressed.bytes },
    search: { prune: search(accuracy), quantize: search(accuracy - 0.01) },
    seed: config.seed,
    backend: 'wasm',
    plugins: [{ kind: 'agent', slot: 'prune', id: agent, source: `@tersor/agent-${agent}` }],
    versions: { node: process.version },
    machine: 'a machine',
    seconds: 10 + config.seed,
    peakResidentBytes: (400 + config.seed) * 2 ** 20,
    config,
  };
}

/** Identity of the inputs of these tests' trials. */
export const identity: RunIdentity = {
  tersor: '1.2.3',
  model: { topology: 't', weights: 'w' },
  dataset: 'd',
  files: {},
  plugins: { 'agent/prune': '@x/agent#ddpg 1.0.0' },
};

/**
 * A trial runner like one of a plugin. It writes the files of a compression without compressing; an agent
 * called `broken` crashes.
 */
export function instantRunner(calls: string[] = [], concurrency = 1): TrialRunner {
  return {
    id: 'instant',
    concurrency,
    async run({ id, config, place }) {
      calls.push(id);
      if (config.prune?.agent['use'] === 'broken')
        return { status: 'failed', error: 'tersor: it broke [PLUGIN_FAILED]' };
      await writeResults(place, config);
      return { status: 'done' };
    },
  };
}

async function writeResults(place: FilePlace, config: CompressConfig): Promise<void> {
  const lines = episodes(config.seed).map((line) => `${JSON.stringify(line)}\n`);
  await place.put('layers.json', Buffer.from(JSON.stringify(layers())));
  await place.put('episodes.jsonl', Buffer.from(lines.join('')));
  await place.put('summary.json', Buffer.from(JSON.stringify(summaryOf(config))));
}

export function episodes(seed: number): EpisodeLine[] {
  const line = (stage: Stage, episode: number): EpisodeLine => {
    const reward = 0.5 + 0.3 * Math.sin(episode * 1.7 + seed);
    const measures = {
      accuracy: reward,
      macs: 4e6 - 1e4 * episode,
      parameters: 70_000,
      bytes: 60_000 - 500 * ((episode * 7) % 5),
    };
    return {
      stage,
      episode,
      ...(episode === 1 && { heuristic: 'uniform' }),
      actions: [[0.5]],
      reward,
      measures,
      policy: [],
      statistics: {},
      seconds: 0.1,
    };
  };
  return (['prune', 'quantize'] as const).flatMap((stage) =>
    Array.from({ length: 12 }, (_, i) => line(stage, i + 1)),
  );
}

export function layers(): LayerFigures[] {
  const state = (channels: number, bytes: number, macs: number, slices: number) => ({
    channels,
    parameters: bytes / 4,
    macs,
    bytes,
    slices,
    zeroSlices: Math.floor(slices / 8),
  });
  return [
    {
      layer: 'conv_1 <a&b>',
      className: 'Conv2D',
      original: state(32, 3456, 884_736, 96),
      compressed: state(20, 300, 552_960, 60),
      bits: 4,
    },
    {
      layer: 'bn_1',
      className: 'BatchNormalization',
      original: state(32, 512, 0, 0),
      compressed: state(20, 200, 0, 0),
    },
    {
      layer: 'dense',
      className: 'Dense',
      original: state(10, 5160, 1280, 1280),
      compressed: state(10, 700, 800, 800),
      bits: 3,
    },
  ];
}
