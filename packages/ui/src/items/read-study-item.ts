import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holderOf, type StartCommand } from '@tersor/compression';
import { folderPlace, readJson, type StudyRecord, type TrialRecord } from '@tersor/study';
import { resumeText } from '../actions/resume.js';
import type { FoundFolder } from './find-folders.js';
import type { Item, Status } from './item.js';
import { timeOf } from './time-of.js';
import { createRunReader, type RunReader } from './read-run-item.js';

/** A running trial of a study. */
export interface RunningTrial {
  readonly id: string;
  readonly detail: string;
  readonly progress: Item['progress'];
}

/** Everything that the list and a page show about a study. */
export interface StudyFacts {
  readonly record: StudyRecord | undefined;
  /** Number of trials by status. */
  readonly counts: Readonly<Record<TrialRecord['status'] | 'missing', number>>;
  readonly running: readonly RunningTrial[];
  readonly changed: number;
}

export interface StudyReader {
  facts(): Promise<StudyFacts>;
  /** The reader of one of its trials; undefined if it has no such trial. */
  trial(id: string): { readonly folder: string; readonly reader: RunReader } | undefined;
}

/** Files that are read at the same time. */
const AT_ONCE = 64;

/** Reads the folder of a study repeatedly, without reading unchanged files again. */
export function createStudyReader(folder: string): StudyReader {
  const place = folderPlace(folder);
  let record: { readonly stamp: number; readonly study: StudyRecord | undefined } | undefined;
  const ends = new Map<string, { readonly stamp: number; readonly status: TrialRecord['status'] }>();
  const readers = new Map<string, RunReader>();
  const folderOf = (id: string) => join(folder, 'trials', id);
  const readerOf = (id: string) => {
    const reader = readers.get(id) ?? createRunReader(folderOf(id));
    readers.set(id, reader);
    return reader;
  };
  const endOf = async (id: string) => {
    const stamp = await timeOf(join(folderOf(id), 'trial.json'));
    if (stamp === undefined) return undefined;
    const known = ends.get(id);
    if (known?.stamp === stamp) return known;
    const trial = await readJson<TrialRecord>(folderPlace(folderOf(id)), 'trial.json').catch(() => undefined);
    if (!trial?.status) return known;
    ends.set(id, { stamp, status: trial.status });
    return ends.get(id);
  };
  return {
    trial: (id) => {
      const known = record?.study?.cells.some(({ trial }) => trial === id);
      return known ? { folder: folderOf(id), reader: readerOf(id) } : undefined;
    },
    facts: async () => {
      const stamp = await timeOf(join(folder, 'study.json'));
      if (stamp === undefined) record = undefined;
      else if (record?.stamp !== stamp) {
        const study = await readJson<StudyRecord>(place, 'study.json').catch(() => undefined);
        record = { stamp, study: Array.isArray(study?.cells) ? study : record?.study };
      }
      const ids = [...new Set(record?.study?.cells.map(({ trial }) => trial))];
      const begun = new Set(await readdir(join(folder, 'trials')).catch(() => []));
      const counts = { done: 0, failed: 0, interrupted: 0, missing: 0 };
      const running: RunningTrial[] = [];
      let changed = stamp ?? 0;
      const look = async (id: string) => {
        const end = begun.has(id) ? await endOf(id) : undefined;
        counts[end?.status ?? 'missing']++;
        changed = Math.max(changed, end?.stamp ?? 0);
        if (!begun.has(id) || end?.status === 'done' || !holderOf(folderOf(id))) return;
        const facts = await readerOf(id).facts();
        running.push({ id, detail: facts.detail ?? facts.status, progress: facts.progress });
        changed = Math.max(changed, facts.changed);
      };
      for (let at = 0; at < ids.length; at += AT_ONCE)
        await Promise.all(ids.slice(at, at + AT_ONCE).map(look));
      running.sort((a, b) => a.id.localeCompare(b.id));
      return { record: record?.study, counts, running, changed };
    },
  };
}

/** The item of a study, without its revision. */
export async function studyItem(found: FoundFolder, reader: StudyReader): Promise<Omit<Item, 'revision'>> {
  const { record, counts, running, changed } = await reader.facts();
  const holder = holderOf(found.folder);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const status: Status = holder
    ? holder.isHere
      ? 'running'
      : 'elsewhere'
    : counts.failed > 0
      ? 'failed'
      : counts.done === total && total > 0
        ? 'done'
        : 'stopped';
  const command = await readJson<StartCommand>(folderPlace(found.folder), 'command.json').catch(
    () => undefined,
  );
  const canResume = !holder && counts.done < total;
  const resume = canResume ? resumeText('study', command, undefined) : undefined;
  const detail = [
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.interrupted > 0 && !holder ? [`${counts.interrupted} interrupted`] : []),
  ].join(', ');
  return {
    ...found,
    status,
    ...(detail && { detail }),
    progress: { done: counts.done, total, of: 'trials' },
    ...(record?.study?.name && { result: String(record.study.name) }),
    changed,
    canStop: status === 'running' && process.platform !== 'win32',
    ...(resume !== undefined && { resume }),
    isComparable: false,
  };
}
