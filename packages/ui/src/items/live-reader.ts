import { open } from 'node:fs/promises';
import type { LiveEpisode, LiveLine, LiveStart, PipelineProgress, PipelineStage } from '@tersor/compression';

/** What the record of a run says so far. */
export interface LiveState {
  readonly start: LiveStart | undefined;
  /** When the process that wrote last has begun, ISO 8601. */
  readonly began: string | undefined;
  readonly stage: PipelineStage | undefined;
  readonly round: number | undefined;
  readonly progress: PipelineProgress | undefined;
  /** Episodes in order, without those that were repeated after a resume. */
  readonly episodes: readonly LiveEpisode[];
  readonly notices: readonly { readonly at: string; readonly text: string }[];
  readonly ended: { readonly code?: string; readonly message: string } | undefined;
}

/** Reads a growing record; each call reads only what is new. */
export interface LiveReader {
  /** Undefined if there is no record. */
  read(): Promise<LiveState | undefined>;
}

type Changing = { -readonly [Key in keyof LiveState]: LiveState[Key] } & {
  episodes: LiveEpisode[];
  notices: { at: string; text: string }[];
};

const EMPTY = (): Changing => ({
  start: undefined,
  began: undefined,
  stage: undefined,
  round: undefined,
  progress: undefined,
  episodes: [],
  notices: [],
  ended: undefined,
});

/** Reads the `live.jsonl` at a path. An incomplete last line is kept until the rest arrives. */
export function createLiveReader(path: string): LiveReader {
  let state = EMPTY();
  let file: number | undefined;
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  const readOn = async (): Promise<LiveState | undefined> => {
    const handle = await open(path, 'r').catch(() => undefined);
    if (!handle) return undefined;
    try {
      const { size, ino } = await handle.stat();
      if (ino !== file || size < offset) {
        [state, file, offset, rest] = [EMPTY(), ino, 0, Buffer.alloc(0)];
      }
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - offset), 0, size - offset, offset);
      offset += bytesRead;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      for (const line of bytes.toString('utf8', 0, end).split('\n')) take(state, line);
      return { ...state, episodes: [...state.episodes], notices: [...state.notices] };
    } finally {
      await handle.close();
    }
  };
  let last: Promise<LiveState | undefined> = Promise.resolve(undefined);
  // One at a time: each read continues where the one before ended.
  return { read: () => (last = last.then(readOn, readOn)) };
}

function take(state: Changing, text: string): void {
  const line = parsed(text);
  if (!line) return;
  if ('began' in line) {
    [state.start, state.began, state.ended] = [line.began, line.at, undefined];
  } else if ('stage' in line) {
    [state.stage, state.round, state.progress] = [line.stage, line.round, undefined];
  } else if ('notice' in line) {
    state.notices.push({ at: line.at, text: line.notice });
  } else if ('episode' in line) {
    const { stage, round, episode } = line.episode;
    forget(state, (each) => each.stage === stage && each.round === round && each.episode === episode);
    state.episodes.push(line.episode);
  } else if ('ended' in line) {
    state.ended = line.ended;
  } else if ('progress' in line) {
    const { stage, unit, done } = line.progress;
    state.progress = line.progress;
    // A search that resumes from a checkpoint repeats the episodes after it.
    if (unit === 'episodes')
      forget(state, (each) => each.stage === stage && each.round === state.round && each.episode > done);
  }
}

function forget({ episodes }: Changing, isGone: (episode: LiveEpisode) => boolean): void {
  // From the end, since repeated episodes are the last ones.
  for (let i = episodes.length - 1; i >= 0; i--) {
    if (isGone(episodes[i]!)) episodes.splice(i, 1);
    else if (i < episodes.length - 200) return;
  }
}

function parsed(text: string): LiveLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? (line as LiveLine) : undefined;
  } catch {
    return undefined;
  }
}
