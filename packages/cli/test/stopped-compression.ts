import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compress, type PipelineProgress, type Summary } from '@tersor/compression';
import { compressConfigSchema, readConfig } from '@tersor/core';
import type { TinyProject } from './tiny-project.js';

/** A line of `episodes.jsonl`. */
export interface EpisodeLine {
  readonly stage: string;
  readonly episode: number;
  /** Absent where the agent chose. */
  readonly heuristic?: string;
  readonly actions: readonly (readonly number[])[];
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
  readonly policy: unknown;
}

/** What a compression ended with: its episodes without their times, and how often it was stopped. */
export interface Outcome {
  readonly summary: Summary;
  readonly episodes: readonly (EpisodeLine & { readonly seconds: 0 })[];
  readonly stops: number;
}

/**
 * Compresses a project into its folder `out`, and goes on until it is done.
 * @param stopEvery stop after each episode whose number this divides, and resume; never when absent
 */
export async function compressWithStops(
  project: TinyProject,
  out: string,
  settings: readonly string[],
  stopEvery = Infinity,
): Promise<Outcome> {
  const config = await readConfig(project.config, compressConfigSchema, settings);
  const output = join(project.folder, out);
  for (let stops = 0; ; stops++) {
    let stop = false;
    // With a reward: an episode has ended. What a search begins with, or another stage counts, has none.
    const onProgress = ({ done, reward }: PipelineProgress) =>
      void (stop ||= reward !== undefined && done % stopEvery === 0);
    try {
      const summary = await compress({
        config,
        directory: project.folder,
        output,
        resume: true,
        shouldStop: () => stop,
        events: { onProgress },
        searchFrom: [__dirname],
      });
      const lines = String(await readFile(join(output, 'episodes.jsonl')))
        .trim()
        .split('\n');
      const episodes = lines.map((line) => ({ ...(JSON.parse(line) as EpisodeLine), seconds: 0 as const }));
      return { summary, episodes, stops };
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'INTERRUPTED') throw error;
    }
  }
}
