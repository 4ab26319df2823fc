import type { LayerFigures, Summary } from '@tersor/compression';
import { TersorError, type FilePlace } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { readJson } from './study-store.js';

export type Stage = 'prune' | 'quantize';

/** One line of `episodes.jsonl`; `round` counts the rounds of stage 1 from 1, where there are several. */
export type EpisodeLine = EpisodeRecord & { readonly stage: Stage; readonly round?: number };

/** What charts and tables of a search read of an episode. */
export type EpisodeFigures = Omit<EpisodeLine, 'actions' | 'statistics'>;

/** What the folder of a run holds, as the report reads it. */
export interface Run {
  readonly summary: Summary;
  readonly layers: readonly LayerFigures[];
  readonly episodes: readonly EpisodeLine[];
}

/**
 * Reads what `tersor compress` wrote; `name` is what messages call the place. Throws `CONFIG_NOT_FOUND` where
 * there is no finished run.
 */
export async function readRun(place: FilePlace, name: string): Promise<Run> {
  const summary = await readJson<Summary>(place, 'summary.json');
  if (!summary)
    throw new TersorError('CONFIG_NOT_FOUND', `There is no finished run in ${name}.`, {
      hint: 'Give the output folder of `tersor compress` or of `tersor study`.',
    });
  return {
    summary,
    layers: (await readJson<LayerFigures[]>(place, 'layers.json')) ?? [],
    episodes: await readEpisodes(place),
  };
}

/** Reads `episodes.jsonl`; empty where there is none. A line that is cut off is left out. */
export async function readEpisodes(place: FilePlace): Promise<EpisodeLine[]> {
  const content = await place.get('episodes.jsonl');
  const text = content ? Buffer.from(content).toString('utf8') : '';
  return text.split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line) as EpisodeLine] : [];
    } catch {
      return [];
    }
  });
}
