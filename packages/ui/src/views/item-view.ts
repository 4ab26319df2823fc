import { TersorError } from '@tersor/core';
import {
  compareView,
  drawnAt,
  escapeHtml,
  folderPlace,
  readJson,
  readRun,
  runView,
  studyView,
  table,
  type ChartWidth,
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
import { trainingView } from './training-view.js';
import { TRIALS_PLACE } from './trial-rows.js';

/** Folders whose readers are kept: they do not read again what has not changed. */
const KEPT = 30;

/** Views of folders, read when they are drawn. */
export interface Views {
  /** Throws `CONFIG_NOT_FOUND` if the files are gone, or are none of this version. */
  draw(drawing: Drawing, width: ChartWidth): Promise<PageContent>;
}

export function createViews(): Views {
  const runs = keepLast<RunReader>(KEPT, createRunReader);
  const studies = keepLast<StudyReader>(KEPT, createStudyReader);
  const trainings = keepLast<TrainingReader>(KEPT, createTrainingReader);
  return {
    draw: async (drawing, width) => {
      const view = await read(drawing);
      return drawnAt(width, view);
    },
  };

  function read(drawing: Drawing): Promise<View> {
    if (drawing.kind === 'comparison') return comparison(drawing.runs);
    const { kind, folder, name } = drawing;
    if (kind === 'study') return viewOfStudy(folder, name, studies(folder));
    if (kind === 'training') return viewOfTraining(folder, name, trainings(folder));
    const reader = runs(folder);
    return kind === 'run' ? viewOfRun(folder, name, reader) : viewOfTrial(folder, name, reader);
  }
}

/** What was read, to be drawn. */
type View = () => PageContent;

async function viewOfTraining(folder: string, name: string, reader: TrainingReader): Promise<View> {
  const facts = await reader.facts();
  const log = await logSection(folder);
  return () => withSections(trainingView(name, facts), [], log);
}

async function viewOfTrial(folder: string, name: string, reader: RunReader): Promise<View> {
  const view = await viewOfRun(folder, name, reader);
  const record = await readJson<TrialRecord>(folderPlace(folder), 'trial.json');
  if (record?.status !== 'failed') return view;
  const body = `<pre class="bad" tabindex="0">${escapeHtml(String(record.error))}</pre>`;
  return () => withSections(view(), [{ id: 'failure', title: 'Why it failed', body }]);
}

async function viewOfRun(folder: string, name: string, reader: RunReader): Promise<View> {
  const facts = await reader.facts();
  const log = await logSection(folder);
  if (facts.status !== 'done') return () => withSections(liveView(name, facts), [], log);
  const run = await wholeRun(folder);
  return () => ({ ...withSections(runView(run), [], log), title: name });
}

async function viewOfStudy(folder: string, name: string, reader: StudyReader): Promise<View> {
  const { running } = await reader.facts();
  const input = await reader.content.input();
  if (!input) throw new TersorError('CONFIG_NOT_FOUND', `The study.json in ${folder} is missing or cut off.`);
  const first = running.length > 0 ? [runningSection(running)] : [];
  const log = await logSection(folder);
  return () => {
    const view = withSections(studyView(input, TRIALS_PLACE), first, log);
    return { ...view, lead: `${name}: ${view.lead}` };
  };
}

function withSections(
  view: PageContent,
  first: readonly Section[],
  last: readonly Section[] = [],
): PageContent {
  return { ...view, sections: [...first, ...view.sections, ...last] };
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

async function comparison(runs: readonly ComparedRun[]): Promise<View> {
  const read = await Promise.all(
    runs.map(async ({ folder, name }) => ({ name, run: await wholeRun(folder) })),
  );
  return () => compareView(read);
}

function wholeRun(folder: string): Promise<Run> {
  return readRun(folderPlace(folder), folder);
}
