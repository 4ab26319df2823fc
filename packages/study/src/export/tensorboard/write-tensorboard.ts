import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, TersorError } from '@tersor/core';
import { eventFile } from './event-file.js';
import { readEpisodes } from '../../results/read-run.js';
import type { EpisodeLine } from '../../results/run-records.js';
import { gatherResults } from '../../results/study-results.js';
import { folderPlace } from '../../results/folder-place.js';
import { folderStore } from '../../results/result-store.js';
import { readJson } from '../../results/study-store.js';

/**
 * Converts `episodes.jsonl` to TensorBoard event files in the subfolder `tensorboard/` of a run or a study:
 * one TensorBoard run per stage or, in a study, per variant, seed and stage. Returns the subfolder. Throws
 * `CONFIG_NOT_FOUND` for a folder without episodes, `OUTPUT_FAILED`.
 */
export async function writeTensorBoard(folder: string): Promise<string> {
  const target = join(folder, 'tensorboard');
  const isStudy = (await readJson(folderPlace(folder), 'study.json')) !== undefined;
  const runs = isStudy ? await trialsOf(folder) : [{ name: '', folder }];
  let written = 0;
  for (const run of runs) {
    const episodes = await readEpisodes(folderPlace(run.folder));
    for (const stage of ['prune', 'quantize'] as const) {
      const lines = episodes.filter((line) => line.stage === stage);
      if (lines.length === 0) continue;
      // An episode records only how long it took. The run ended when the file was last written.
      const ended = (await stat(join(run.folder, 'episodes.jsonl'))).mtimeMs / 1000;
      await writeEvents(join(target, run.name, stage), lines, ended);
      written++;
    }
  }
  if (written === 0)
    throw new TersorError('CONFIG_NOT_FOUND', `There are no episodes in ${folder}.`, {
      hint: 'Give the output folder of `tersor compress` or of `tersor study`.',
    });
  return target;
}

async function trialsOf(folder: string): Promise<{ name: string; folder: string }[]> {
  const { results } = await gatherResults(folderStore(folder));
  const done = results.trials.filter(({ status }) => status === 'done');
  return done.map(({ variant, seed, trial }) => ({
    name: `${variant.replace(/[^\w.,= -]/g, '_')}-seed${seed}`,
    folder: folderStore(folder).trial(trial).folder!,
  }));
}

async function writeEvents(folder: string, lines: readonly EpisodeLine[], ended: number): Promise<void> {
  let wallTime = ended - lines.reduce((sum, { seconds }) => sum + seconds, 0);
  let best = -Infinity;
  const events = lines.map(({ episode, round, reward, measures, statistics, seconds }, i) => {
    wallTime += seconds;
    best = Math.max(round === lines[i - 1]?.round ? best : -Infinity, reward);
    const prefixed = (prefix: string, values: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
    return {
      step: episode,
      wallTime,
      values: {
        'reward/episode': reward,
        'reward/best': best,
        seconds,
        ...prefixed('measures', measures),
        ...prefixed('agent', statistics),
      },
    };
  });
  try {
    await makeFolder(folder);
    // A fixed name: writing again replaces the file instead of adding a second curve.
    await writeFile(join(folder, 'events.out.tfevents.0.tersor'), eventFile(events));
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `${folder} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
