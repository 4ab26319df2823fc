import { join } from 'node:path';
import { holderOf, LIVE_RECORD, type LockHolder, type Summary } from '@tersor/compression';
import { folderPlace, isSummary, readJson } from '@tersor/study';
import { resumable } from '../actions/resume.js';
import type { FoundFolder, Item, Progress, Status } from './item.js';
import { timeOf } from './time-of.js';
import { createLiveReader, type LiveReader, type LiveState } from './live-reader.js';

/** Everything that the list and a page show about a run. */
export interface RunFacts {
  readonly status: Status;
  readonly detail?: string;
  readonly progress?: Progress;
  readonly result?: string;
  readonly changed: number;
  readonly holder: LockHolder | undefined;
  /** State from the live record; undefined if the run is done. */
  readonly live: LiveState | undefined;
}

/** Reads the folder of a run repeatedly, without reading unchanged files again. */
export interface RunReader {
  facts(): Promise<RunFacts>;
}

/** Names of the stages while they run. */
const STAGES: Readonly<Record<string, string>> = {
  prune: 'stage 1: pruning search',
  'prune-prepare': 'stage 1: preparing',
  'prune-apply': 'stage 1: applying',
  'prune-finish': 'stage 1: refitting the winner',
  'prune-refine': 'stage 1: refining',
  'prune-finetune': 'stage 1: fine-tune',
  quantize: 'stage 2: bit width search',
  'quantize-prepare': 'stage 2: preparing',
  'quantize-apply': 'stage 2: applying',
  'quantize-calibrate': 'stage 2: calibrating',
  'quantize-refine': 'stage 2: refining',
  'quantize-finetune': 'stage 2: fine-tune',
  write: 'writing the results',
};

export function createRunReader(folder: string): RunReader {
  const place = folderPlace(folder);
  const record = join(folder, 'checkpoint', LIVE_RECORD);
  const live: LiveReader = createLiveReader(record);
  let known: { readonly stamp: string; readonly result: string | undefined } | undefined;
  const resultOf = async (stamp: string) => {
    if (known?.stamp !== stamp) {
      const summary = await readJson<unknown>(place, 'summary.json').catch(() => undefined);
      known = { stamp, result: isSummary(summary) ? sentenceOf(summary) : undefined };
    }
    return known.result;
  };
  return {
    facts: async () => {
      const [summary, recorded] = await Promise.all([timeOf(join(folder, 'summary.json')), timeOf(record)]);
      const holder = holderOf(folder);
      const state = recorded === undefined ? undefined : await live.read();
      const isDone = summary !== undefined && (recorded === undefined || summary > recorded);
      const result = summary === undefined ? undefined : await resultOf(String(summary));
      const facts = {
        changed: Math.max(summary ?? 0, recorded ?? 0, holder ? Date.parse(holder.since) || 0 : 0),
        ...(result !== undefined && { result }),
        holder,
      };
      if (holder) {
        const own = state?.start?.pid === holder.pid ? state : undefined;
        const status = holder.isHere ? ('running' as const) : ('elsewhere' as const);
        return { ...facts, ...going(own ?? (holder.isHere ? undefined : state)), status, live: own ?? state };
      }
      if (isDone || !state) return { ...facts, status: summary ? 'done' : 'stopped', live: undefined };
      return { ...facts, ...stopped(state), live: state };
    },
  };
}

/** Detail and progress of a running run. */
function going(state: LiveState | undefined): { detail: string; progress?: Progress } {
  if (!state?.stage) return { detail: 'preparing' };
  const detail = STAGES[state.stage] ?? state.stage;
  const of = state.round === undefined ? detail : `${detail}, round ${state.round}`;
  if (!state.progress) return { detail: of };
  const { done, total, unit } = state.progress;
  return { detail: of, progress: { done: counted(state, done), total, of: unit } };
}

/** The number of episodes done. Progress is only written now and then, but every episode is recorded. */
function counted({ progress, episodes, round }: LiveState, done: number): number {
  if (progress?.unit !== 'episodes') return done;
  const own = episodes.filter((each) => each.stage === progress.stage && each.round === round);
  return Math.max(done, own.length);
}

function stopped(state: LiveState): { status: Status; detail: string; progress?: Progress } {
  const { detail: where, ...progress } = going(state);
  if (state.ended?.code === 'INTERRUPTED')
    return { status: 'stopped', detail: `stopped as requested, in ${where}`, ...progress };
  if (!state.ended) return { status: 'died', detail: `its process is gone, in ${where}`, ...progress };
  const { code, message } = state.ended;
  return { status: 'failed', detail: code === undefined ? message : `${message} [${code}]`, ...progress };
}

function sentenceOf({ ratio, compressed, baseline }: Summary): string {
  const change = 100 * (compressed.accuracy.test - baseline.accuracy.test);
  const points = `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(2)} points`;
  return `${ratio.bytes.toFixed(1)}× smaller, ${points}`;
}

/** The item of a run, without its revision. */
export async function runItem(found: FoundFolder, reader: RunReader): Promise<Omit<Item, 'revision'>> {
  const { holder: _holder, live, ...facts } = await reader.facts();
  const command = live?.start?.host === undefined ? undefined : live.start.command;
  const isOver = ['stopped', 'died', 'failed'].includes(facts.status);
  return {
    ...found,
    ...facts,
    canStop: facts.status === 'running' && process.platform !== 'win32',
    ...(isOver && resumable('run', command, { host: live?.start?.host })),
    isComparable: facts.result !== undefined,
  };
}
