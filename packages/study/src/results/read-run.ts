import type { LayerFigures, Summary } from '@tersor/compression';
import { TersorError, type FilePlace } from '@tersor/core';
import { isEpisode, isLayers, isSummary, type EpisodeLine } from './run-records.js';
import { nothingIn, readJson } from './study-store.js';

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
  const summary = await readJson<unknown>(place, 'summary.json');
  if (summary === undefined)
    throw await nothingIn(place, 'summary.json', {
      message: `There is no finished run in ${name}.`,
      hint: 'Give the output folder of `tersor compress` or of `tersor study`.',
      name,
    });
  if (!isSummary(summary))
    throw new TersorError('CONFIG_NOT_FOUND', `The summary.json in ${name} is not that of a run.`, {
      hint: 'It was not written by this version of Tersor, or was changed: give a folder as `tersor compress` left it.',
    });
  const layers = await readJson<unknown>(place, 'layers.json');
  return {
    summary,
    layers: isLayers(layers) ? layers : [],
    episodes: await readEpisodes(place),
  };
}

/** Reads `episodes.jsonl`; empty if there is none. Lines that are cut off, or are none, are skipped. */
export async function readEpisodes(place: FilePlace): Promise<EpisodeLine[]> {
  const content = await place.get('episodes.jsonl');
  const text = content ? Buffer.from(content).toString('utf8') : '';
  return text.split('\n').flatMap((line) => {
    try {
      const episode: unknown = line && JSON.parse(line);
      return isEpisode(episode) ? [episode] : [];
    } catch {
      return [];
    }
  });
}
