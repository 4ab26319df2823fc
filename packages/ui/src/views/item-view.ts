import { basename } from 'node:path';
import { TersorError } from '@tersor/core';
import {
  compareView,
  escapeHtml,
  folderPlace,
  readJson,
  readRun,
  runView,
  studyView,
  table,
  type PageContent,
  type Run,
  type Section,
  type TrialRecord,
} from '@tersor/study';
import type { RunReader } from '../items/read-run-item.js';
import type { RunningTrial, StudyReader } from '../items/read-study-item.js';
import type { Watched, Watcher } from '../items/watch-items.js';
import { liveView } from './live-view.js';
import { logSection } from './log-section.js';
import { trainingView } from './training-view.js';
import { pageOf, pageStart, trialPage, type TrialQuery } from './trial-page.js';
import { PAGE_ROWS, TRIALS_PLACE, type TrialPage } from './trial-rows.js';

/** The view of an item. Throws `CONFIG_NOT_FOUND` if its files are gone. */
export async function itemView({ item, reader }: Watched): Promise<PageContent> {
  if ('study' in reader) return viewOfStudy(item.folder, item.name, reader.study);
  if ('run' in reader) return viewOfRun(item.folder, item.name, reader.run);
  const view = trainingView(item.name, await reader.training.facts());
  return { ...view, sections: [...view.sections, ...(await logSection(item.folder))] };
}

/** The view of a trial of a study. Throws `CONFIG_NOT_FOUND` if the study has no such trial. */
export async function trialView({ item, reader }: Watched, id: string): Promise<PageContent> {
  const trial = 'study' in reader ? reader.study.trial(id) : undefined;
  if (!trial) throw missing(`trial ${id} of ${item.name}`);
  const view = await viewOfRun(trial.folder, `Trial ${id} of ${item.name}`, trial.reader);
  const record = await readJson<TrialRecord>(folderPlace(trial.folder), 'trial.json');
  if (record?.status !== 'failed') return view;
  const body = `<pre class="bad" tabindex="0">${escapeHtml(String(record.error))}</pre>`;
  return { ...view, sections: [{ id: 'failure', title: 'Why it failed', body }, ...view.sections] };
}

async function viewOfRun(folder: string, name: string, reader: RunReader): Promise<PageContent> {
  const facts = await reader.facts();
  const log = await logSection(folder);
  if (facts.status !== 'done') {
    const view = liveView(name, facts);
    return { ...view, sections: [...view.sections, ...log] };
  }
  const view = runView(await wholeRun(folder));
  return { ...view, title: name, sections: [...view.sections, ...log] };
}

async function viewOfStudy(folder: string, name: string, reader: StudyReader): Promise<PageContent> {
  const { running } = await reader.facts();
  const input = await reader.content.input();
  if (!input) throw missing(`a whole study.json in ${folder}`);
  const view = studyView(input, TRIALS_PLACE);
  const first = running.length > 0 ? [runningSection(running)] : [];
  const log = await logSection(folder);
  const lead = `${name}: ${view.lead}`;
  return { ...view, lead, sections: [...first, ...view.sections, ...log] };
}

/**
 * Some of the trials of a study, as a table shows them. Throws `CONFIG_NOT_FOUND` for what is not a study.
 */
export async function trialsOf({ item, reader }: Watched, query: TrialQuery): Promise<TrialPage> {
  if (!('study' in reader)) throw missing(`a study ${item.name}`);
  const { content } = reader.study;
  // What is asked for first is there before everything is read.
  if (!query.sort && !query.filter && !query.status) {
    const { from } = query;
    const some = await content.some(pageStart(from, Infinity), PAGE_ROWS);
    const isThere = some.rows.length > 0 || some.total === 0;
    if (isThere)
      return pageOf(some.rows, {
        from: pageStart(from, some.total),
        matching: some.total,
        total: some.total,
      });
  }
  return trialPage(await content.rows(), query);
}

function runningSection(running: readonly RunningTrial[]): Section {
  const body = table('Trials that run now', running, [
    { head: 'trial', text: ({ id }) => id },
    { head: 'where it is', text: ({ detail }) => detail },
    {
      head: 'progress',
      text: ({ progress }) => (progress ? `${progress.done} of ${progress.total} ${progress.of}` : ''),
    },
  ]);
  return { id: 'running', title: 'Running', body };
}

/** The view of runs side by side. Throws `CONFIG_NOT_FOUND` if one is missing or has no results. */
export async function comparisonView(watcher: Watcher, ids: readonly string[]): Promise<PageContent> {
  const runs = await Promise.all(
    ids.map(async (id) => {
      const [own, trial] = id.split('.');
      const found = watcher.get(own!);
      if (!found) throw missing(`run ${id}`);
      const study = 'study' in found.reader ? found.reader.study : undefined;
      const folder = trial === undefined ? found.item.folder : study?.trial(trial)?.folder;
      if (folder === undefined) throw missing(`trial ${trial} of ${found.item.name}`);
      const name = trial === undefined ? found.item.name : `${found.item.name}: ${basename(folder)}`;
      return { name, run: await wholeRun(folder) };
    }),
  );
  return compareView(runs);
}

/** Reads a finished run, and checks that its summary is of this version. Throws `CONFIG_NOT_FOUND`. */
async function wholeRun(folder: string): Promise<Run> {
  const run = await readRun(folderPlace(folder), folder);
  if (!run.summary.compressed?.accuracy || !run.summary.ratio)
    throw new TersorError(
      'CONFIG_NOT_FOUND',
      `${folder}/summary.json was not written by this version of Tersor.`,
    );
  return run;
}

function missing(what: string): TersorError {
  return new TersorError('CONFIG_NOT_FOUND', `There is no ${what}, or it was removed.`);
}
