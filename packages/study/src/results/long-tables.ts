import { axesOf } from './axes.js';
import type { EpisodeLine } from './run-records.js';
import type { StudyResults } from './study-results.js';
import type { Table } from './table-files.js';
import { METRICS, type Metric, type TrialRow } from './trial-figures.js';

type Results = Pick<StudyResults, 'variants' | 'trials'>;

/**
 * The table of `results.csv` and `results.parquet`: a row for every variant and seed, with the labels of its
 * factors and the figures of `results.json`. Figures that a trial lacks are empty.
 */
export function resultsTable({ variants, trials }: Results): Table {
  const { columns, cells } = cellsOf(variants);
  const metrics = Object.keys(METRICS) as Metric[];
  return {
    columns: [
      ...columns,
      { name: 'status', type: 'text' },
      { name: 'testImages', type: 'whole' },
      ...metrics.map((metric) => ({ name: metric, type: 'number' as const })),
      { name: 'error', type: 'text' },
    ],
    rows: trials.map((row) => [
      ...cells(row),
      row.status,
      row.testImages,
      ...metrics.map((metric) => row.figures[metric]),
      row.error,
    ]),
  };
}

/** What the table of episodes has of one: not its actions and policy, of which a large study has too many. */
export type EpisodeRow = Pick<
  EpisodeLine,
  'stage' | 'round' | 'episode' | 'heuristic' | 'reward' | 'measures' | 'seconds'
>;

/** An episode without what the table leaves out. */
export function episodeRow(line: EpisodeLine): EpisodeRow {
  const { stage, round, episode, heuristic, reward, measures, seconds } = line;
  return {
    ...{ stage, episode, reward, measures, seconds },
    ...(round !== undefined && { round }),
    ...(heuristic !== undefined && { heuristic }),
  };
}

/**
 * What environments measure of a candidate. Limits from plugins may add more, which only `episodes.jsonl`
 * has.
 */
const MEASURES = ['accuracy', 'macs', 'parameters', 'bytes'];

/**
 * The table of `episodes.csv` and `episodes.parquet`: a row for every episode of every trial, to be read as a
 * data frame. A row has the variant with the labels of its factors, the seed, the trial and the stage; then
 * the episode's number from 1, the heuristic that chose it (empty for the agent), reward, measures and
 * seconds. A trial that belongs to several variants is listed for each.
 * @param episodes episodes of each trial, by trial id
 */
export function episodesTable(
  { variants, trials }: Results,
  episodes: ReadonlyMap<string, readonly EpisodeRow[]>,
): Table {
  const { columns, cells } = cellsOf(variants);
  return {
    columns: [
      ...columns,
      { name: 'stage', type: 'text' },
      { name: 'round', type: 'whole' },
      { name: 'episode', type: 'whole' },
      { name: 'heuristic', type: 'text' },
      { name: 'reward', type: 'number' },
      ...MEASURES.map((name) => ({ name, type: 'number' as const })),
      { name: 'seconds', type: 'number' },
    ],
    rows: trials.flatMap((row) =>
      (episodes.get(row.trial) ?? []).map((line) => [
        ...[...cells(row), line.stage, line.round, line.episode],
        ...[line.heuristic, line.reward, ...MEASURES.map((name) => line.measures[name]), line.seconds],
      ]),
    ),
  };
}

/** The columns that identify a row's trial, and a function that gives a trial's cells for them. */
function cellsOf(variants: Results['variants']) {
  const axes = axesOf(variants);
  const labels = new Map(variants.map((row) => [row.variant, row.labels]));
  const columns: Table['columns'] = [
    { name: 'variant', type: 'text' },
    // The prefix keeps factors apart from the other columns.
    ...axes.map((axis) => ({ name: `factor ${axis}`, type: 'text' as const })),
    { name: 'seed', type: 'whole' },
    { name: 'trial', type: 'text' },
  ];
  const cells = ({ variant, seed, trial }: TrialRow) => [
    ...[variant, ...axes.map((axis) => labels.get(variant)?.[axis])],
    ...[seed, trial],
  ];
  return { columns, cells };
}
