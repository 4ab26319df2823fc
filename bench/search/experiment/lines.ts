// One line a search: what `experiment.ts` appends and `experiment-rows.ts` sums up.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm } from './arms.js';
import type { Found } from './search-once.js';

/** What a search is told apart by. */
export interface Key extends Arm {
  readonly task: string;
  readonly seed: number;
  readonly evaluations: number;
  readonly reward: string;
}

export interface Line extends Key, Found {
  /** Accuracy of the uncompressed network. */
  readonly original: { readonly confirm: number; readonly test: number };
  readonly testImages: number;
  readonly backend: string;
  /** Of the backend node, where it was not float32. */
  readonly precision?: string | undefined;
  /** Images of the search where these were not the task's own. */
  readonly images?: number | undefined;
  readonly machine: unknown;
  /** What ran it; absent in lines from before these were kept. */
  readonly versions?: { readonly node: string };
}

export const idOf = ({ task, agent, environment, seed, evaluations, reward }: Key) =>
  [task, agent, environment, seed, evaluations, reward].join(' | ');

/** All searches in the files of a folder, each once. */
export function linesOf(folder: string): Line[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const lines = files.flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      // The last line of a run that was killed may be half a line.
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line),
  );
  return [...new Map(lines.map((line) => [idOf(line), line])).values()];
}
