import { appendFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** Writes a finished run. */
export async function writeDoneRun(folder: string, { bytes = 400, seed = 1 } = {}): Promise<void> {
  const state = { channels: 8, parameters: 100, macs: 5000, bytes: 400, slices: 24, zeroSlices: 0 };
  const layer = {
    layer: 'conv1',
    className: 'Conv2D',
    original: state,
    compressed: { ...state, channels: 4 },
    bits: 4,
  };
  const compressed = { ...FIGURES, bytes, accuracy: { validation: 0.88, test: 0.79 } };
  await writeAll(folder, {
    'summary.json': {
      baseline: FIGURES,
      pruned: FIGURES,
      compressed,
      ratio: { parameters: 1, macs: 1, bytes: FIGURES.bytes / bytes },
      search: {},
      seed,
      backend: 'wasm',
      plugins: [],
      versions: { tersor: '0.1.0' },
      machine: 'test',
      seconds: 5,
      config: { model: 'm/model.json', output: folder, seed, prune: {}, quantize: {} },
    },
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

/** Writes a study with a failed trial and one that was not run. */
export async function writeStudy(folder: string, error: string): Promise<void> {
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
      study: { ...study, keep: 'all', retries: 0, runner: 'child-process', limit: 50, output: folder },
      variants: [variant(0.5), variant(0.6)],
      cells: [
        { variant: '0.5', seed: 1, trial: failed },
        { variant: '0.6', seed: 1, trial: missing },
      ],
      versions: { tersor: '0.1.0' },
      machine: 'test',
    },
    'command.json': { args: ['study', 's.yaml', '--json'], directory: folder },
  });
  const record = { id: failed, status: 'failed', error, seconds: 1 };
  await writeAll(join(folder, 'trials', failed), {
    'trial.json': record,
    'log.txt': `said before\n${error}\n`,
  });
}
