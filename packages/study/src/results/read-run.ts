import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerFigures, Summary } from '@tersor/compression';
import { TersorError } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { readJson } from './study-store.js';

export type Stage = 'prune' | 'quantize';

/** One line of `episodes.jsonl`; `round` counts the rounds of stage 1 from 1, where there are several. */
export type EpisodeLine = EpisodeRecord & { readonly stage: Stage; readonly round?: number };

/** What the folder of a run holds, as the report reads it. */
export interface Run {
  readonly summary: Summary;
  readonly layers: readonly LayerFigures[];
  readonly episodes: readonly EpisodeLine[];
}

/**
 * Reads the folder that `tersor compress` wrote. Throws `CONFIG_NOT_FOUND` for a folder without a finished
 * run.
 */
export async function readRun(folder: string): Promise<Run> {
  const summary = await readJson<Summary>(join(folder, 'summary.json'));
  if (!summary)
    throw new TersorError('CONFIG_NOT_FOUND', `There is no finished run in ${folder}.`, {
      hint: 'Give the output folder of `tersor compress` or of `tersor study`.',
    });
  return {
    summary,
    layers: (await readJson<LayerFigures[]>(join(folder, 'layers.json'))) ?? [],
    episodes: await readEpisodes(folder),
  };
}

/** Reads `episodes.jsonl`; empty where there is none. A line that is cut off is left out. */
export async function readEpisodes(folder: string): Promise<EpisodeLine[]> {
  let text: string;
  try {
    text = await readFile(join(folder, 'episodes.jsonl'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line) as EpisodeLine] : [];
    } catch {
      return [];
    }
  });
}
