import { basename } from 'node:path';
import type { Watcher } from '../items/watch-items.js';
import { missing } from '../views/missing.js';
import type { ComparedRun } from './drawing.js';

/** Runs by their ids: that of a run, or those of a study and its trial. Throws `CONFIG_NOT_FOUND`. */
export function comparedRuns(watcher: Watcher, ids: readonly string[]): ComparedRun[] {
  return ids.map((id) => {
    const [own, trial] = id.split('.');
    const found = watcher.get(own!);
    if (!found) throw missing(`run ${id}`);
    const { folder, name } = found.item;
    if (trial === undefined) return { folder, name };
    const known = 'study' in found.reader ? found.reader.study.trial(trial) : undefined;
    if (!known) throw missing(`trial ${trial} of ${name}`);
    return { folder: known.folder, name: `${name}: ${basename(known.folder)}` };
  });
}
