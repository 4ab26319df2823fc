import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holderOf, type StartCommand } from '@tersor/compression';
import { TersorError } from '@tersor/core';
import {
  folderPlace,
  isStudyRecord,
  isTrialRecord,
  readJson,
  type StudyRecord,
  type TrialRecord,
} from '@tersor/study';
import { resumable } from '../actions/resume.js';
import type { FoundFolder, Item, Status } from './item.js';
import { timeOf } from './time-of.js';
import { createResultsReader, type KnownResults } from './known-results.js';
import { createRunReader, type RunReader } from './read-run-item.js';
import { createStudyContent, type StudyContent, type TrialEnd } from './study-content.js';

/** A running trial of a study. */
export interface RunningTrial {
  readonly id: string;
  readonly detail: string;
  /** Whether its process was seen on this machine. */
  readonly isHere: boolean;
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
  /** What its trials gave, as of the last look. */
  readonly content: StudyContent;
  /** The reader of one of its trials; undefined if it has no such trial. */
  trial(id: string): { readonly folder: string; readonly reader: RunReader } | undefined;
}

/** Files that are read at the same time. */
const AT_ONCE = 64;
/** Trials that are done stay so: in every look only so many of them are looked at again. */
const RECHECKED = 100;

/** Reads the folder of a study repeatedly, without reading unchanged files again. */
export function createStudyReader(folder: string): StudyReader {
  const place = folderPlace(folder);
  let record: { readonly stamp: number; readonly study: StudyRecord | undefined } | undefined;
  let ids: ReadonlySet<string> = new Set();
  const ends = new Map<string, TrialEnd>();
  let rechecked = 0;
  const readers = new Map<string, RunReader>();
  const folderOf = (id: string) => join(folder, 'trials', id);
  const readerOf = (id: string) => {
    const reader = readers.get(id) ?? createRunReader(folderOf(id));
    readers.set(id, reader);
    return reader;
  };
  const endOf = async (id: string) => {
    const stamp = await timeOf(join(folderOf(id), 'trial.json'));
    if (stamp === undefined) {
      ends.delete(id);
      return undefined;
    }
    const known = ends.get(id);
    if (known?.stamp === stamp) return known;
    const before = results && stamp <= results.stamp ? results.byTrial.get(id)?.status : undefined;
    if (before && before !== 'missing') {
      ends.set(id, { stamp, status: before });
      return ends.get(id);
    }
    const trial = await readJson<unknown>(folderPlace(folderOf(id)), 'trial.json').catch(() => undefined);
    if (!isTrialRecord(trial)) return known;
    ends.set(id, { stamp, status: trial.status });
    return ends.get(id);
  };
  const readResults = createResultsReader(folder);
  let results: KnownResults | undefined;
  const content = createStudyContent(folder, () => ({ record: record?.study, ends, results }));
  return {
    content,
    trial: (id) => (ids.has(id) ? { folder: folderOf(id), reader: readerOf(id) } : undefined),
    facts: async () => {
      const stamp = await timeOf(join(folder, 'study.json'));
      if (stamp === undefined) record = undefined;
      else if (record?.stamp !== stamp) {
        const study = await readJson<unknown>(place, 'study.json').catch(() => undefined);
        if (study !== undefined && !isStudyRecord(study))
          throw new TersorError('CONFIG_NOT_FOUND', 'Its study.json is not that of a study.');
        record = { stamp, study: study ?? record?.study };
        ids = new Set(record.study?.cells.map(({ trial }) => trial));
      }
      results = await readResults();
      const all = [...ids];
      const begun = new Set(await readdir(join(folder, 'trials')).catch(() => []));
      const counts = { done: 0, failed: 0, interrupted: 0, missing: 0 };
      const running: RunningTrial[] = [];
      let changed = stamp ?? 0;
      const look = async (id: string, index: number) => {
        if (!begun.has(id)) ends.delete(id);
        const known = ends.get(id);
        const isDue = known?.status !== 'done' || (index >= rechecked && index < rechecked + RECHECKED);
        const end = begun.has(id) && isDue ? await endOf(id) : known;
        counts[end?.status ?? 'missing']++;
        changed = Math.max(changed, end?.stamp ?? 0);
        const holder = begun.has(id) && end?.status !== 'done' ? holderOf(folderOf(id)) : undefined;
        if (!holder) return;
        const facts = await readerOf(id).facts();
        const detail = facts.detail ?? facts.status;
        running.push({ id, detail, isHere: holder.isHere, progress: facts.progress });
        changed = Math.max(changed, facts.changed);
      };
      for (let at = 0; at < all.length; at += AT_ONCE)
        await Promise.all(all.slice(at, at + AT_ONCE).map((id, i) => look(id, at + i)));
      rechecked = rechecked + RECHECKED < all.length ? rechecked + RECHECKED : 0;
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
  // Trials that are jobs of a cluster run without a process that has the study.
  const isRunning = holder !== undefined || running.length > 0;
  const isHere = holder?.isHere ?? running.some((trial) => trial.isHere);
  const status: Status = isRunning
    ? isHere
      ? 'running'
      : 'elsewhere'
    : counts.failed > 0
      ? 'failed'
      : counts.done === total && total > 0
        ? 'done'
        : // A process that ends as it should takes its lock with it.
          (await timeOf(join(found.folder, '.lock'))) !== undefined
          ? 'died'
          : 'stopped';
  const command = await readJson<StartCommand>(folderPlace(found.folder), 'command.json').catch(
    () => undefined,
  );
  const canResume = !isRunning && counts.done < total;
  const detail = [
    ...(status === 'died' ? ['its process is gone'] : []),
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.interrupted > 0 && !isRunning ? [`${counts.interrupted} interrupted`] : []),
  ].join(', ');
  return {
    ...found,
    status,
    ...(detail && { detail }),
    progress: { done: counts.done, total, of: 'trials' },
    ...(record?.study?.name && { result: String(record.study.name) }),
    changed,
    canStop: holder?.isHere === true && process.platform !== 'win32',
    ...(canResume && resumable('study', command, { settings: record?.study?.runner })),
    isComparable: false,
  };
}
