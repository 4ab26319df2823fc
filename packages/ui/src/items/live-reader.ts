import type { LiveEpisode, LiveLine, LiveStart, PipelineProgress, PipelineStage } from '@tersor/compression';
import { createRecordReader, type RecordReader } from './record-reader.js';

/** The state of a run according to its record so far. */
export interface LiveState {
  readonly start: LiveStart | undefined;
  /** Start time of the process that wrote last, ISO 8601. */
  readonly began: string | undefined;
  readonly stage: PipelineStage | undefined;
  readonly round: number | undefined;
  readonly progress: PipelineProgress | undefined;
  /** Episodes in order; an episode that was repeated after a resume is there once. */
  readonly episodes: readonly LiveEpisode[];
  readonly notices: readonly { readonly at: string; readonly text: string }[];
  readonly ended: { readonly code?: string; readonly message: string } | undefined;
}

/** What the record of a run says, read on with each call. */
export type LiveReader = RecordReader<LiveState>;

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

/** Reads the `live.jsonl` of a run. */
export function createLiveReader(path: string): LiveReader {
  return createRecordReader<Changing, LiveLine>(path, EMPTY, take);
}

function take(state: Changing, line: LiveLine): void {
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
