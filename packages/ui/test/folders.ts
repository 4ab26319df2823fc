import { appendFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompressConfig } from '@tersor/core';
import { folderStore, gatherResults, trialId } from '@tersor/study';

const FIGURES = {
  accuracy: { validation: 0.9, test: 0.8 },
  parameters: 1000,
  macs: 50_000,
  macsWithoutZeroSlices: 50_000,
  bytes: 4000,
};

/** Creates a temporary folder. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tersor-ui-'));
}

async function writeAll(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

/** `summary.json` of a run that is done. */
function summaryOf(
  folder: string,
  { bytes, seed, test = 0.79 }: Record<'bytes' | 'seed', number> & { test?: number },
) {
  return {
    baseline: FIGURES,
    pruned: FIGURES,
    compressed: { ...FIGURES, bytes, accuracy: { validation: 0.88, test } },
    ratio: { parameters: 1, macs: 1, bytes: FIGURES.bytes / bytes },
    search: {},
    seed,
    backend: 'wasm',
    plugins: [],
    versions: { tersor: '0.1.0' },
    machine: 'test',
    seconds: 5,
    config: {
      model: 'm/model.json',
      output: folder,
      seed,
      prune: {},
      quantize: {},
    } as unknown as CompressConfig,
  };
}

/** Writes a run that is done. */
export async function writeDoneRun(folder: string, { bytes = 400, seed = 1 } = {}): Promise<void> {
  const state = { channels: 8, parameters: 100, macs: 5000, bytes: 400, slices: 24, zeroSlices: 0 };
  const layer = {
    layer: 'conv1',
    className: 'Conv2D',
    original: state,
    compressed: { ...state, channels: 4 },
    bits: 4,
  };
  await writeAll(folder, {
    'summary.json': summaryOf(folder, { bytes, seed }),
    'policy.json': {},
    'layers.json': [layer],
    'episodes.jsonl': `${JSON.stringify({ ...episodeOf(1), stage: 'prune' })}\n`,
  });
}

function episodeOf(episode: number) {
  const measures = { accuracy: 0.5 + episode / 100, macs: 40_000 - episode };
  return { episode, reward: episode / 10, measures, policy: { conv1: '4 channels' }, seconds: 1 };
}

/** Starts the live record of a run by this process, with some episodes of stage 1. */
export async function beginRun(folder: string, episodes: number, command?: object): Promise<void> {
  await mkdir(join(folder, 'checkpoint'), { recursive: true });
  const config = { model: 'm/model.json' };
  await addLines(folder, [
    { began: { pid: process.pid, host: hostname(), config, backend: 'wasm', baseline: FIGURES, command } },
    { stage: 'prune' },
    { progress: { stage: 'prune', done: 0, total: 40, unit: 'episodes' } },
  ]);
  await addEpisodes(folder, 1, episodes);
}

/** Begins the record of a training of ten epochs, as by this process, of which some are done. */
export async function beginTraining(folder: string, epochs: number, command?: object): Promise<void> {
  const config = { architecture: 'a.mjs', train: { epochs: 10 } };
  const start = { pid: process.pid, host: hostname(), config, backend: 'wasm', epochsDone: 0, command };
  await mkdir(`${folder}.checkpoint`, { recursive: true });
  await mkdir(folder, { recursive: true });
  await addTrainingLines(folder, [{ training: start }, ...trainingEpochs(1, epochs)]);
}

/** Lines of a training's epochs. */
export function trainingEpochs(from: number, to: number): object[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const epoch = from + i;
    return { epoch: { epoch, loss: 2 / epoch, accuracy: epoch / 20, validation: epoch / 25, seconds: 1 } };
  });
}

/** Appends lines to the record of a training. */
export async function addTrainingLines(folder: string, lines: readonly object[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`).join('');
  await appendFile(`${folder}.checkpoint/live.jsonl`, text);
}

/** Writes what a training leaves that is done. */
export async function writeDoneTraining(folder: string): Promise<void> {
  const history = trainingEpochs(1, 3).map((line) => {
    const { validation: _left, ...epoch } = (line as { epoch: { validation: number } }).epoch;
    return epoch;
  });
  const accuracy = { validation: 0.7, test: 0.65 };
  const config = { architecture: 'a.mjs', train: { epochs: 3 } };
  await writeAll(folder, { 'training.json': { accuracy, history, backend: 'wasm', config } });
}

/** Appends episodes to a record. */
export async function addEpisodes(folder: string, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  await addLines(
    folder,
    numbers.map((episode) => ({ episode: { ...episodeOf(episode), stage: 'prune' } })),
  );
}

/** Appends lines to a record. */
export async function addLines(folder: string, lines: readonly object[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`).join('');
  await appendFile(join(folder, 'checkpoint/live.jsonl'), text);
}

/**
 * Writes a study of so many seeds, of which every hundredth failed; the last has the smallest file, and each
 * is as accurate as its seed is high.
 * @param variants among which the seeds are dealt out
 */
export async function writeLargeStudy(
  folder: string,
  count: number,
  variants: readonly string[] = ['only'],
): Promise<void> {
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const trials = seeds.map((seed) => {
    const summary = summaryOf(folder, { bytes: 1000 + count - seed, seed, test: seed / count });
    return { seed, summary, id: trialId(summary.config) };
  });
  const study = { name: `${count} trials`, config: 'c.yaml', set: {}, grid: {}, seeds };
  await writeAll(folder, {
    'study.json': {
      format: 1,
      study: { ...study, keep: 'all', retries: 0, runner: 'child-process', limit: count, output: folder },
      variants: variants.map((name) => ({ name, labels: {}, settings: {} })),
      cells: trials.map(({ seed, id }) => ({ variant: variants[seed % variants.length], seed, trial: id })),
      versions: { tersor: '0.1.0' },
      machine: 'test',
    },
  });
  for (const { seed, id, summary } of trials) {
    const failed = seed % 100 === 0;
    await writeAll(join(folder, 'trials', id), {
      'trial.json': {
        id,
        seconds: 1,
        ...(failed ? { status: 'failed', error: 'broken' } : { status: 'done' }),
      },
      ...(!failed && { 'summary.json': summary }),
    });
  }
}

/** Writes the `results.json` of a study from its trials. */
export async function writeResults(folder: string): Promise<void> {
  const { results } = await gatherResults(folderStore(folder));
  await writeAll(folder, { 'results.json': results });
}

/** Writes a study of which one trial failed, and the other was not run. */
export async function writeStudy(
  folder: string,
  error: string,
  { args = ['study', 's.yaml', '--json'], runner = 'child-process' as unknown } = {},
): Promise<void> {
  const [failed, missing] = ['00000000000a', '00000000000b'];
  const study = {
    name: 'Two budgets',
    config: 'c.yaml',
    set: {},
    grid: { 'prune.budget.macs': [0.5, 0.6] },
    seeds: [1],
  };
  const variant = (value: number) => ({
    name: String(value),
    labels: { 'prune.budget.macs': String(value) },
    settings: {},
  });
  await writeAll(folder, {
    'study.json': {
      format: 1,
      study: { ...study, keep: 'all', retries: 0, runner, limit: 50, output: folder },
      variants: [variant(0.5), variant(0.6)],
      cells: [
        { variant: '0.5', seed: 1, trial: failed },
        { variant: '0.6', seed: 1, trial: missing },
      ],
      versions: { tersor: '0.1.0' },
      machine: 'test',
    },
    'command.json': { args, directory: folder },
  });
  const record = { id: failed, status: 'failed', error, seconds: 1 };
  await writeAll(join(folder, 'trials', failed), {
    'trial.json': record,
    'log.txt': `said before\n${error}\n`,
  });
}
