import { join } from 'node:path';
import { readEpisodes, readRun, type EpisodeLine } from '../results/read-run.js';
import { runReport } from './run-report.js';
import { studyReport } from './study-report.js';
import { resultsCsv } from '../results/results-csv.js';
import { gatherResults, type StudyResults } from '../results/study-results.js';
import { readJson, trialFolder, writeJson, writeText } from '../results/study-store.js';

/** Writes `report.html` into the folder of a finished run. Throws `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`. */
export async function writeRunReport(folder: string): Promise<void> {
  await writeText(join(folder, 'report.html'), runReport(await readRun(folder)));
}

/**
 * Writes `results.json`, `results.csv` and `report.html` into the folder of a study, finished or not. Throws
 * `CONFIG_NOT_FOUND`, `OUTPUT_FAILED`.
 */
export async function writeStudyReport(folder: string): Promise<StudyResults> {
  const { record, results, original } = await gatherResults(folder);
  const episodes = new Map<string, EpisodeLine[][]>();
  for (const { variant, trial, status } of results.trials) {
    if (status !== 'done') continue;
    episodes.set(variant, [...(episodes.get(variant) ?? []), await readEpisodes(trialFolder(folder, trial))]);
  }
  await writeJson(join(folder, 'results.json'), results);
  await writeText(join(folder, 'results.csv'), resultsCsv(results));
  await writeText(join(folder, 'report.html'), studyReport({ record, results, original, episodes }));
  return results;
}

/**
 * Writes the report of a run's or a study's folder, whichever it is. Throws `CONFIG_NOT_FOUND`,
 * `OUTPUT_FAILED`.
 */
export async function writeReport(folder: string): Promise<void> {
  if (await readJson(join(folder, 'study.json'))) await writeStudyReport(folder);
  else await writeRunReport(folder);
}
