import type { LayerFigures, Summary } from '@tersor/compression';
import type { EpisodeRecord } from '@tersor/rl';
import { z } from 'zod';

export type Stage = 'prune' | 'quantize';

/** One line of `episodes.jsonl`. `round` is the round of stage 1, from 1, if there are several. */
export type EpisodeLine = EpisodeRecord & { readonly stage: Stage; readonly round?: number };

// What tables and charts are made of: a folder may come from somebody else, or be damaged.
const network = z.looseObject({
  accuracy: z.looseObject({ validation: z.number(), test: z.number() }),
  parameters: z.number(),
  macs: z.number(),
  bytes: z.number(),
});
const comparable = z.looseObject({
  baseline: network,
  compressed: network,
  search: z.looseObject({}),
  config: z.looseObject({}),
});
const summary = comparable.extend({
  pruned: network,
  ratio: z.looseObject({ parameters: z.number(), macs: z.number(), bytes: z.number() }),
});

/** Whether the content of a `summary.json` has what a study compares. */
export function isComparable(value: unknown): value is Summary {
  return comparable.safeParse(value).success;
}

/** Whether the content of a `summary.json` is that of a run, with all that a report shows. */
export function isSummary(value: unknown): value is Summary {
  return summary.safeParse(value).success;
}

/** Whether the content of a `layers.json` is a list of layers. */
export function isLayers(value: unknown): value is LayerFigures[] {
  const isLayer = (each: Partial<LayerFigures> | null) =>
    typeof each?.layer === 'string' &&
    [each.original, each.compressed].every((state) => state?.channels !== undefined);
  return Array.isArray(value) && value.every(isLayer);
}

/** Whether a line of an `episodes.jsonl` is an episode. Not by a schema: there may be a million. */
export function isEpisode(value: unknown): value is EpisodeLine {
  const { stage, episode, measures } = (value ?? {}) as Partial<EpisodeLine>;
  return (
    (stage === 'prune' || stage === 'quantize') &&
    typeof episode === 'number' &&
    typeof measures === 'object' &&
    measures !== null
  );
}
