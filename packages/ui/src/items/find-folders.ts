import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { compareNames } from './compare-names.js';
import type { FoundFolder, Item } from './item.js';
import { timeOf } from './time-of.js';
import { trainingRecord } from './training-reader.js';

/** How many levels below a given folder are searched. */
const DEPTH = 4;
/** Folders that contain no runs, or only parts of one. */
const SKIPPED = /^(\.|node_modules$|checkpoint|trials$|tensorboard$)|\.checkpoint(-kept-\d+)?$/;

/**
 * Finds runs, studies and trainings in and below folders, sorted by name. Links are not followed. Folders
 * that are missing or unreadable count as empty.
 */
export async function findFolders(roots: readonly string[]): Promise<FoundFolder[]> {
  const found = new Map<string, FoundFolder>();
  const visit = async (folder: string, root: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map(({ name }) => name));
    const kind = kindOf(names, await hasTraining(folder));
    if (kind) {
      const name = relative(root, folder).split(sep).join('/') || basename(folder);
      found.set(folder, { id: idOf(folder), kind, name, folder });
      return;
    }
    if (depth === 0) return;
    const below = entries.filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name));
    for (const entry of below) await visit(join(folder, entry.name), root, depth - 1);
  };
  for (const root of roots) await visit(root, root, DEPTH);
  return [...found.values()].sort((a, b) => compareNames(a.name, b.name));
}

function kindOf(names: ReadonlySet<string>, isTraining: boolean): Item['kind'] | undefined {
  if (names.has('study.json')) return 'study';
  if (names.has('summary.json') && names.has('policy.json')) return 'run';
  if (names.has('checkpoint')) return 'run';
  if (isTraining || names.has('training.json')) return 'training';
  return names.has('.lock') ? 'run' : undefined;
}

/** Whether a training writes to a folder, or did until it was stopped: its record lies beside it. */
async function hasTraining(folder: string): Promise<boolean> {
  return (await timeOf(trainingRecord(folder))) !== undefined;
}

function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}
