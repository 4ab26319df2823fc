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
import type { ComparedRun, Drawing } from '../drawing/drawing.js';
import { createRunReader, type RunReader } from '../items/read-run-item.js';
import { createStudyReader, type RunningTrial, type StudyReader } from '../items/read-study-item.js';
import { createTrainingReader, type TrainingReader } from '../items/training-reader.js';
import { keepLast } from './keep-last.js';
import { liveView } from './live-view.js';
import { logSection } from './log-section.js';
import { missing } from './missing.js';
import { trainingView } from './training-view.js';
import { TRIALS_PLACE } from './trial-rows.js';

/** Folders whose readers are kept: they do not read again what has not changed. */
const KEPT = 30;

/** Views of folders, read when they are drawn. */
export interface Views {
  /** Throws `CONFIG_NOT_FOUND` if the files are gone, or are none of this version. */
  draw(drawing: Drawing): Promise<PageContent>;
}

export function createViews(): Views {
  const runs = keepLast<RunReader>(KEPT, createRunReader);
  const studies = keepLast<StudyReader>(KEPT, createStudyReader);
  const trainings = keepLast<TrainingReader>(KEPT, createTrainingReader);
  return {
    draw: (drawing) => {
      if (drawing.kind === 'comparison') return comparison(drawing.runs);
      const { kind, folder, name } = drawing;
      if (kind === 'study') return viewOfStudy(folder, name, studies(folder));
      if (kind === 'training') return viewOfTraining(folder, name, trainings(folder));
      const reader = runs(folder);
      return kind === 'run' ? viewOfRun(folder, name, reader) : viewOfTrial(folder, name, reader);
    },
  };
}

async function viewOfTraining(folder: string, name: string, reader: TrainingReader): Promise<PageContent> {
  const view = trainingView(name, await reader.facts());
  return { ...view, sections: [...view.sections, ...(await logSection(folder))] };
}

async function viewOfTrial(folder: string, name: string, reader: RunReader): Promise<PageContent> {
  const view = await viewOfRun(folder, name, reader);
  const record = await readJson<TrialRecord>(folderPlace(folder), 'trial.json');
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

async function comparison(runs: readonly ComparedRun[]): Promise<PageContent> {
  return compareView(
    await Promise.all(runs.map(async ({ folder, name }) => ({ name, run: await wholeRun(folder) }))),
  );
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
