import type { LayerFigures, Summary } from '@tersor/compression';
import type { FilePlace } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { nothingIn, readJson } from './study-store.js';

export type Stage = 'prune' | 'quantize';

/** One line of `episodes.jsonl`. `round` is the round of stage 1, from 1, if there are several. */
export type EpisodeLine = EpisodeRecord & { readonly stage: Stage; readonly round?: number };

/** The part of an episode that charts and tables of a search use. */
export type EpisodeFigures = Omit<EpisodeLine, 'actions' | 'statistics'>;

/** The files of a run that a report reads. */
export interface Run {
  readonly summary: Summary;
  readonly layers: readonly LayerFigures[];
  readonly episodes: readonly EpisodeLine[];
}

/**
 * Reads the results of `tersor compress`. `name` is the name of the place in messages. Throws
 * `CONFIG_NOT_FOUND` if there is no finished run.
 */
export async function readRun(place: FilePlace, name: string): Promise<Run> {
  const summary = await readJson<Summary>(place, 'summary.json');
  if (!summary)
    throw await nothingIn(place, 'summary.json', {
      message: `There is no finished run in ${name}.`,
      hint: 'Give the output folder of `tersor compress` or of `tersor study`.',
      name,
    });
  return {
    summary,
    layers: (await readJson<LayerFigures[]>(place, 'layers.json')) ?? [],
    episodes: await readEpisodes(place),
  };
}

/** Reads `episodes.jsonl`; empty if there is none. Lines that are cut off are skipped. */
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
