import { basename, dirname, resolve } from 'node:path';
import { readEpisodes, readRun } from '../results/read-run.js';
import { compareReport } from './compare-report.js';
import { runReport } from './run-report.js';
import { studyReport, type StudyReportInput } from './study-report.js';
import { episodeRow, episodesTable, resultsTable, type EpisodeRow } from '../results/long-tables.js';
import { csvOf, parquetOf, type Table } from '../results/table-files.js';
import { gatherResults, type StudyResults } from '../results/study-results.js';
import { folderPlace } from '../results/folder-place.js';
import { folderStore, type ResultStore } from '../results/result-store.js';
import { readJson, writeJson, writeText } from '../results/study-store.js';

/** Writes `report.html` into the folder of a finished run. Throws `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`. */
export async function writeRunReport(folder: string): Promise<void> {
  const place = folderPlace(folder);
  await writeText(place, 'report.html', runReport(await readRun(place, folder)));
}

/**
 * Writes a page that shows runs side by side, named after their folders. Throws `CONFIG_NOT_FOUND` if a
 * folder has no finished run, `OUTPUT_FAILED`.
 */
export async function writeComparison(folders: readonly string[], out: string): Promise<void> {
  const names = namesOf(folders);
  const runs = await Promise.all(
    folders.map(async (folder, i) => ({ name: names[i]!, run: await readRun(folderPlace(folder), folder) })),
  );
  await writeText(folderPlace(dirname(out)), basename(out), compareReport(runs));
}

/** Names for folders: the last parts of their paths, as many as it takes to tell them apart. */
function namesOf(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => resolve(folder).split(/[\\/]/));
  for (let count = 1; ; count++) {
    const names = parts.map((each) => each.slice(-count).join('/'));
    if (new Set(names).size === names.length || parts.every(({ length }) => count >= length)) return names;
  }
}

/**
 * Writes `results.json`, `results` and `episodes` as CSV and as Parquet, and `report.html` of a study,
 * finished or not. Throws `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`.
 */
export async function writeStudyReport(store: ResultStore): Promise<StudyResults> {
  const { ofTrial, ...input } = await readStudyInput(store);
  const { results } = input;
  await writeJson(store.study, 'results.json', results);
  await writeTable(store, 'results', resultsTable(results));
  await writeTable(store, 'episodes', episodesTable(results, ofTrial));
  await writeText(store.study, 'report.html', studyReport(input));
  return results;
}

/**
 * Reads what the report of a study shows, and the episodes of each trial by its id. Throws
 * `CONFIG_NOT_FOUND`.
 */
async function readStudyInput(
  store: ResultStore,
): Promise<StudyReportInput & { readonly ofTrial: ReadonlyMap<string, EpisodeRow[]> }> {
  const { record, results, original } = await gatherResults(store);
  const ofTrial = new Map<string, EpisodeRow[]>();
  const episodes = new Map<string, EpisodeRow[][]>();
  for (const { variant, trial, status } of results.trials) {
    const lines = ofTrial.get(trial) ?? (await readEpisodes(store.trial(trial))).map(episodeRow);
    ofTrial.set(trial, lines);
    if (status === 'done') episodes.set(variant, [...(episodes.get(variant) ?? []), lines]);
  }
  return { record, results, original, episodes, ofTrial };
}

async function writeTable({ study }: ResultStore, name: string, table: Table): Promise<void> {
  await writeText(study, `${name}.csv`, csvOf(table));
  await study.put(`${name}.parquet`, await parquetOf(table));
}

/**
 * Writes the report into the folder of a run or a study. Throws `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`.
 */
export async function writeReport(folder: string): Promise<void> {
  const store = folderStore(folder);
  if (await readJson(store.study, 'study.json')) await writeStudyReport(store);
  else await writeRunReport(folder);
}
