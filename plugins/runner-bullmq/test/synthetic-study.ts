import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, type RunIdentity, type TrialRunner, type WorkerOffer } from '@tersor/core';
import { childProcessRunner, folderStore, runStudy, studySchema, type StudyResults } from '@tersor/study';
import { bullmqOptions, createBullmqRunner, type BullmqOptions } from '../src/index.js';

/** A study of synthetic trials, in a folder of its own. */
export interface SyntheticStudy {
  readonly folder: string;
  readonly output: string;
  /** Where trials write which process began what, and from which step. */
  readonly journal: string;
}

/** Where one of them runs: in child processes here, or over a queue. */
export interface Where {
  readonly url?: string;
  readonly store?: string;
}

/** What trials come from. */
export const identity: RunIdentity = {
  tersor: '1.2.3',
  model: { topology: 't', weights: 'w' },
  dataset: 'd',
  files: {},
  plugins: { 'backend/evaluate': '@tersor/backend-wasm#wasm 1.2.3' },
};

export const offer: WorkerOffer = {
  name: 'here',
  versions: { tersor: '1.2.3', node: process.version },
  backends: ['wasm'],
  missing: ['node'],
  cores: 2,
  memoryBytes: 4e9,
};

const CONFIG = {
  model: 'model.json',
  dataset: 'cifar10',
  backend: 'wasm',
  prune: { agent: 'random', search: { episodes: 12 }, pruner: 'channel', budget: { macs: 0.5 } },
};

/** A lease that is soon lost, but not by a process that has to wait for its turn. */
const QUICK = { leaseSeconds: 5, pollSeconds: 0.1 };

/** Six trials: two agents, three seeds. */
export async function syntheticStudy(): Promise<SyntheticStudy> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-kills-'));
  await mkdir(join(folder, 'project'));
  await writeFile(join(folder, 'project/model.json'), '{"what": "the model"}');
  await writeFile(join(folder, 'project/config.json'), JSON.stringify(CONFIG));
  return { folder, output: join(folder, 'out'), journal: join(folder, 'journal.jsonl') };
}

/** What starts a synthetic trial. */
const command = [process.execPath, join(__dirname, 'synthetic-trial.cjs')];

export function queueOptions(
  { folder }: Pick<SyntheticStudy, 'folder'>,
  { url, store = join(folder, 'store') }: Where,
  changes: Partial<BullmqOptions> = {},
): BullmqOptions {
  return bullmqOptions.parse({ url, store, concurrency: 20, ...QUICK, ...changes });
}

async function openRunner(
  study: SyntheticStudy,
  where: Where,
  changes?: Partial<BullmqOptions>,
): Promise<TrialRunner> {
  process.env['SYNTHETIC_JOURNAL'] = study.journal;
  if (where.url === undefined) return childProcessRunner({ command, concurrency: 2, checkInputs: true });
  return createBullmqRunner(queueOptions(study, where, changes), study.folder);
}

/** Runs what is missing of a study; `retries` are for trials that crash. */
export async function coordinate(
  study: SyntheticStudy,
  where: Where,
  {
    onNotice,
    signal,
    retries = 1,
    hasLock = true,
    changes,
  }: {
    onNotice?: (text: string) => void;
    signal?: AbortSignal;
    retries?: number;
    /** Whether two on one folder see each other, as on all disks but some of a network. */
    hasLock?: boolean;
    changes?: Partial<BullmqOptions>;
  } = {},
): Promise<StudyResults> {
  const runner = await openRunner(study, where, changes);
  const store = folderStore(study.output);
  try {
    return await runStudy({
      study: parseConfig(
        {
          name: 'synthetic',
          config: 'project/config.json',
          grid: { 'prune.agent.use': ['random', 'ddpg'] },
          seeds: [1, 2, 3],
          retries,
          output: 'out',
        },
        studySchema,
      ),
      path: join(study.folder, 'study.json'),
      store: hasLock ? store : { ...store, lock: async () => async () => undefined },
      runner,
      version: identity.tersor,
      identify: async () => identity,
      resume: true,
      ...(onNotice && { onNotice }),
      ...(signal && { signal }),
    });
  } finally {
    await runner.dispose?.();
  }
}

/** Takes trials until the signal is aborted. */
export async function takeTrials(
  study: SyntheticStudy,
  where: Where,
  {
    signal,
    onNotice = () => undefined,
    offered = offer,
  }: { signal: AbortSignal; onNotice?: (text: string) => void; offered?: WorkerOffer },
): Promise<void> {
  process.env['SYNTHETIC_JOURNAL'] = study.journal;
  const runner = await createBullmqRunner(queueOptions(study, where), study.folder);
  const local = childProcessRunner({ command, concurrency: 2, checkInputs: true });
  const cache = join(study.folder, `cache-${offered.name}`);
  try {
    await runner.work!({ offer: offered, local, cache, signal, onNotice });
  } finally {
    await runner.dispose?.();
  }
}

/** One line of the journal. */
export interface Beginning {
  readonly pid: number;
  readonly seed: number;
  readonly agent: string;
  readonly from: number;
}

export async function beginnings({ journal }: SyntheticStudy): Promise<Beginning[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Beginning);
}

export async function removeStudy({ folder }: SyntheticStudy): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
