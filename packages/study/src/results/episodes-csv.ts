import { stringify } from 'csv-stringify/sync';
import { axesOf } from './axes.js';
import type { EpisodeLine } from './read-run.js';
import type { StudyResults } from './study-results.js';

/**
 * `episodes.csv`: one long table of every episode of every trial, for a data frame. A line has the variant
 * with the labels of its factors, the seed, the stage, and of the episode its number from 1, the heuristic
 * that chose it (empty for the agent), the reward, what was measured, and how many seconds it took. A
 * trial that stands for several variants is listed for each.
 * @param episodes those of each trial, by its id
 */
export function episodesCsv(
  { variants, trials }: Pick<StudyResults, 'variants' | 'trials'>,
  episodes: ReadonlyMap<string, readonly EpisodeLine[]>,
): string {
  const axes = axesOf(variants);
  const labels = new Map(variants.map((row) => [row.variant, row.labels]));
  const parts: string[] = [
    stringify(
      [
        [
          ...[
            'variant',
            ...axes.map((axis) => `factor ${axis}`),
            'seed',
            'trial',
            'stage',
            'round',
            'episode',
          ],
          ...['heuristic', 'reward', ...MEASURES, 'seconds'],
        ],
      ],
      { escape_formulas: true },
    ),
  ];
  for (const { variant, seed, trial } of trials) {
    const factors = axes.map((axis) => labels.get(variant)?.[axis]);
    const lines = (episodes.get(trial) ?? []).map((line) => [
      ...[variant, ...factors, seed, trial, line.stage, line.round, line.episode],
      ...[line.heuristic, line.reward, ...MEASURES.map((name) => line.measures[name]), line.seconds],
    ]);
    parts.push(stringify(lines, { escape_formulas: true }));
  }
  return parts.join('');
}

/** What environments measure of a candidate. Limits of plugins may add others: `episodes.jsonl` has them. */
const MEASURES = ['accuracy', 'macs', 'parameters', 'bytes'];
