import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FilePlace } from '@tersor/core';
import { copyFiles, folderPlace, replaceFiles } from '@tersor/study';

/** What a trial saves while it runs. */
const SAVED = 'checkpoint';

/**
 * Calls `work` with a place that is a folder of this machine: the place itself where it is one, else a copy.
 * What a trial saves in a copy is brought to the place soon, all of it when `work` has ended: where this
 * machine dies, the trial goes on elsewhere from there. Throws what the place throws at the end.
 * @param options.everyMs how often is looked for what was saved
 * @param options.isVoid whether the place is of no use any more, so that nothing is brought to it at the end
 */
export async function inWorkingFolder<T>(
  place: FilePlace,
  { everyMs, isVoid }: { readonly everyMs: number; readonly isVoid: () => boolean },
  work: (local: FilePlace) => Promise<T>,
): Promise<T> {
  if (place.folder !== undefined) return work(place);
  const folder = await mkdtemp(join(tmpdir(), 'tersor-trial-'));
  const local = folderPlace(folder);
  const ended = new AbortController();
  try {
    await copyFiles(place, local);
    const bringing = bringSaved({ local, folder, place, everyMs, ended: ended.signal });
    let result: T;
    try {
      result = await work(local);
    } finally {
      ended.abort();
      await bringing;
    }
    if (!isVoid()) await replaceFiles(local, place);
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Brings files of the checkpoint that are new or changed, then removes those that are gone. */
async function bringSaved({
  local,
  folder,
  place,
  everyMs,
  ended,
}: {
  readonly local: FilePlace;
  readonly folder: string;
  readonly place: FilePlace;
  readonly everyMs: number;
  readonly ended: AbortSignal;
}): Promise<void> {
  const there = new Map<string, string>();
  while (!ended.aborted) {
    await delay(everyMs, undefined, { signal: ended }).catch(() => undefined);
    try {
      const names = (await local.list(SAVED)).filter((name) => !name.endsWith('.tmp'));
      for (const name of names) {
        if (ended.aborted) return;
        const found = await stat(join(folder, name)).catch(() => undefined);
        const state = found && `${found.size} ${found.mtimeMs}`;
        if (state === undefined || there.get(name) === state) continue;
        const content = await local.get(name);
        if (!content) continue;
        await place.put(name, content);
        there.set(name, state);
      }
      for (const name of there.keys())
        if (!names.includes(name)) {
          await place.remove(name);
          there.delete(name);
        }
    } catch {
      // The storage is away: the trial goes on meanwhile, and the next look brings what this one could not.
    }
  }
}
