// What the benchmark pages read: committed result files, by a short name or a path from the root.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StudyResults } from '@tersor/study';

export const root = join(import.meta.dirname, '../..');

/** Folders that a name without a slash is looked up in, in this order. */
const FOLDERS = ['bench/paper/results', 'examples/studies/results'];

/** Reads a result file. Throws where there is none of that name. */
export function readResult(name: string): unknown {
  const paths = name.includes('/') ? [name] : FOLDERS.map((folder) => `${folder}/${name}`);
  const found = paths.map((path) => join(root, `${path}.json`)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`No result file ${name}.json in ${paths.join(' or ')}`);
  return JSON.parse(readFileSync(found, 'utf8'));
}

/** Results of a study. */
export function readStudy(name: string): StudyResults {
  const study = readResult(name) as StudyResults;
  if (!Array.isArray(study.variants)) throw new Error(`${name} is no study`);
  return study;
}

/**
 * The value at a path within a result file: names with dots between them, `[n]` for entry n of a list (from
 * 0; -1 is the last), `[key=value]` for the entry with that value. Throws where there is none.
 */
export function valueAt(result: unknown, path: string): unknown {
  let value: unknown = result;
  for (const [step] of path.matchAll(/\[[^\]]+\]|[^.[]+/g)) {
    value = step.startsWith('[') ? entryOf(value, step.slice(1, -1)) : fieldOf(value, step);
    if (value === undefined) throw new Error(`Nothing at ${path} (missing: ${step})`);
  }
  return value;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function entryOf(value: unknown, selector: string): unknown {
  if (!Array.isArray(value)) return undefined;
  const list: unknown[] = value;
  const [key, wanted] = selector.split('=');
  if (wanted === undefined) return list.at(Number(selector));
  return list.find((entry) => String(fieldOf(entry, key!)) === wanted);
}
