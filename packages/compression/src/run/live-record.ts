import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isTersorError, messageOf, type CompressConfig } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import type {
  NetworkFigures,
  PipelineEvents,
  PipelineProgress,
  PipelineStage,
} from '../results/pipeline-types.js';
import { policyWords } from '../results/policy-words.js';

/** Name of the record, in the folder of the checkpoints. */
export const LIVE_RECORD = 'live.jsonl';
/** Stages before which a run that ends has left nothing, not even this. */
const TOO_EARLY: readonly PipelineStage[] = ['baseline', 'prune-prepare'];
/** How often progress within a stage is written, at most. */
const PROGRESS_MS = 2000;

/** What a run was started with on the command line: arguments of `tersor`, and the working directory. */
export interface StartCommand {
  readonly args: readonly string[];
  readonly directory: string;
}

/** What a record says of a process when it begins, or goes on. */
export interface LiveStart {
  readonly pid: number;
  readonly host: string;
  readonly config: CompressConfig;
  readonly backend: string;
  /** Figures of the original. */
  readonly baseline: NetworkFigures;
  /** Absent where the run was not started by the command line. */
  readonly command?: StartCommand;
}

/** An episode as a record has it: what was chosen is in words, by group or layer. */
export interface LiveEpisode
  extends Pick<EpisodeRecord, 'episode' | 'heuristic' | 'reward' | 'measures' | 'seconds'> {
  readonly stage: 'prune' | 'quantize';
  /** Counts the rounds of stage 1 from 1, where there are several. */
  readonly round?: number;
  readonly policy: Readonly<Record<string, string>>;
}

/** One line of a record; `at` is the time in ISO 8601. */
export type LiveLine = { readonly at: string } & (
  | { readonly began: LiveStart }
  | { readonly stage: PipelineStage; readonly round?: number }
  | { readonly notice: string }
  | { readonly progress: PipelineProgress }
  | { readonly episode: LiveEpisode }
  | { readonly ended: { readonly code?: string; readonly message: string } }
);

/** Writes the record of a run as it goes on. */
export interface LiveRecord {
  readonly events: Required<Pick<PipelineEvents, 'onStage' | 'onNotice' | 'onProgress' | 'onEpisode'>>;
  /** Says what is run; has to be called before anything is written. */
  describe(start: Omit<LiveStart, 'pid' | 'host'>): void;
  /** Says that the run ended without results, and why. */
  fail(error: unknown): void;
}

/**
 * A record of a run for those who watch it: `live.jsonl` beside the checkpoints, one JSON object per line,
 * each appended in one step. It goes with the checkpoints when the run is done. A process that goes on
 * appends; an episode that is there twice counts as it is there last, and progress that says fewer episodes
 * takes back those after. What cannot be written is left out: no run fails for it.
 */
export function createLiveRecord(folder: string): LiveRecord {
  let start: Omit<LiveStart, 'pid' | 'host'> | undefined;
  let hasBegun = false;
  let round: number | undefined;
  let last: { readonly stage: PipelineStage; readonly unit: string; readonly at: number } | undefined;
  const waiting: string[] = [];
  const write = (line: object) => {
    waiting.push(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
    if (!hasBegun) return;
    try {
      appendFileSync(join(folder, LIVE_RECORD), waiting.join(''));
    } catch {
      // A disk that is full: the run itself will say so where it matters.
    }
    waiting.length = 0;
  };
  const begin = () => {
    if (!start) return;
    hasBegun = true;
    try {
      if (!existsSync(folder)) mkdirSync(folder);
    } catch {
      return;
    }
    waiting.unshift(
      `${JSON.stringify({ at: new Date().toISOString(), began: { pid: process.pid, host: hostname(), ...start } })}\n`,
    );
  };
  return {
    describe: (described) => void (start = described),
    events: {
      onStage: (stage, current) => {
        round = current && current.of > 1 ? current.number : undefined;
        if (!hasBegun && !TOO_EARLY.includes(stage)) begin();
        write({ stage, ...(round !== undefined && { round }) });
      },
      onNotice: (notice) => write({ notice }),
      onProgress: (progress) => {
        const { stage, unit, done, total } = progress;
        const now = performance.now();
        const isSame = last?.stage === stage && last.unit === unit;
        if (isSame && done < total && now - last!.at < PROGRESS_MS) return;
        last = { stage, unit, at: now };
        write({ progress });
      },
      onEpisode: (stage, { episode, heuristic, reward, measures, policy, seconds }) => {
        const line: LiveEpisode = {
          stage,
          ...(round !== undefined && { round }),
          episode,
          ...(heuristic !== undefined && { heuristic }),
          reward,
          measures,
          policy: policyWords(policy),
          seconds,
        };
        write({ episode: line });
      },
    },
    fail: (error) => {
      if (!hasBegun || !existsSync(folder)) return;
      const code = isTersorError(error) ? error.code : undefined;
      write({ ended: { ...(code !== undefined && { code }), message: messageOf(error) } });
    },
  };
}
