import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TersorError } from '@tersor/core';
import type { ChosenEpisode } from './episode-policy.js';

/** What of a run is applied: without an episode, its winner. */
export type Chosen = Partial<ChosenEpisode>;

/**
 * The output folder of `apply` where none is named: beside the run, such as `out/vgg-small-episode-17`. It
 * must be empty or missing, or with `resume` be without results, so that nothing there is replaced. Throws
 * `CONFIG_INVALID`.
 * @param folder of the run, absolute
 */
export async function freeOutput(
  folder: string,
  { episode, stage, resume }: Chosen & { readonly resume?: boolean | undefined },
): Promise<string> {
  await access(join(folder, 'summary.json')).catch(() => {
    throw new TersorError('CONFIG_INVALID', `${folder} is not the output folder of a run.`, {
      hint: 'Say where the results are to go, with --out.',
    });
  });
  const output = `${folder}-${nameOf({ episode, stage })}`;
  const entries = await readdir(output).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw taken(output, 'is not a folder');
  });
  if (entries.includes('summary.json')) throw taken(output, 'has results already');
  if (entries.length > 0 && !resume) throw taken(output, 'is not empty', '; --resume continues a run there');
  return output;
}

function nameOf({ episode, stage }: Chosen): string {
  if (episode === undefined) return 'applied';
  return stage === 'quantize' ? `quantize-episode-${episode}` : `episode-${episode}`;
}

function taken(output: string, why: string, orElse = ''): TersorError {
  return new TersorError('CONFIG_INVALID', `The output folder ${output} ${why}.`, {
    hint: `Choose another with --out${orElse}.`,
  });
}
