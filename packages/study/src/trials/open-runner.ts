import { dirname } from 'node:path';
import { createHost, selectorParts, TersorError, TOKENS, type Plugin, type TrialRunner } from '@tersor/core';
import type { Study } from '../plan/study-schema.js';
import { runnerPlugins } from './runner-plugins.js';

export interface OpenRunnerOptions {
  readonly study: Pick<Study, 'runner' | 'seeds'>;
  /** File that the study was read from; a runner given as a path is relative to it. */
  readonly path: string;
  /** What starts `tersor` on this machine: the program and its first arguments. */
  readonly command: readonly string[];
  /** Trials at the same time, instead of the runner's option `concurrency`. */
  readonly jobs?: number | undefined;
  /** Further folders to look for plugins in, after the study's own. */
  readonly searchFrom?: readonly string[];
  /** Built-in runners, besides those of this package. */
  readonly plugins?: readonly Plugin[];
}

/** A runner, and the function that releases its resources. */
export interface OpenRunner {
  readonly runner: TrialRunner;
  dispose(): Promise<void>;
}

/**
 * Creates the runner that a study names. Throws the errors of `createHost`, among them `PLUGIN_NOT_FOUND` and
 * `PLUGIN_OPTIONS_INVALID`; `CONFIG_INVALID` if the runner does not support `jobs`.
 */
export async function openRunner({
  study,
  path,
  command,
  jobs,
  searchFrom = [],
  plugins = [],
}: OpenRunnerOptions): Promise<OpenRunner> {
  const { use, options } = selectorParts(study.runner);
  const host = await createHost({
    slots: [
      {
        kind: 'runner',
        name: '',
        path: 'runner',
        use,
        options: { ...options, ...(jobs !== undefined && { concurrency: jobs }) },
      },
    ],
    directory: dirname(path),
    seed: study.seeds[0]!,
    searchFrom,
    builtins: [...runnerPlugins(command), ...plugins],
  });
  const dispose = () => host.dispose();
  try {
    const runner = await host.get(TOKENS.runner);
    if (jobs !== undefined && runner.concurrency !== jobs)
      throw new TersorError(
        'CONFIG_INVALID',
        `The runner "${use}" runs ${runner.concurrency} trials at the same time, not ${jobs}.`,
        { hint: 'It has no option "concurrency": leave out --jobs.' },
      );
    return { runner, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
