import { holderOf, type LockHolder } from '@tersor/compression';
import { messageOf, TersorError } from '@tersor/core';

/**
 * Stops what holds a folder, as Ctrl-C does: it saves itself and ends. Only a process of this machine that
 * was seen to hold the folder now gets the signal, and only once: a second one would end it unsaved. Gives
 * what to tell the reader. Throws `OUTPUT_LOCKED` where there is nothing to stop, or where it can't be
 * stopped.
 * @param asked processes that were asked before
 */
export function stop(folder: string, asked: Set<string>): string {
  const holder = holderOf(folder);
  if (!holder)
    throw new TersorError('OUTPUT_LOCKED', `Nothing runs in ${folder} any more.`, {
      hint: 'The list shows how it ended.',
    });
  if (!holder.isHere)
    throw new TersorError(
      'OUTPUT_LOCKED',
      `Process ${holder.pid} on ${holder.host} cannot be stopped from here.`,
      {
        hint: 'Stop it there, with Ctrl-C or kill -INT.',
      },
    );
  const key = keyOf(folder, holder);
  if (asked.has(key)) return 'It was asked before: it ends when its episode or epoch is saved.';
  try {
    process.kill(holder.pid, 'SIGINT');
  } catch (cause) {
    throw new TersorError('OUTPUT_LOCKED', `Process ${holder.pid} cannot be stopped: ${messageOf(cause)}`, {
      cause,
    });
  }
  asked.add(key);
  return 'Stopping: it ends when its episode or epoch is saved.';
}

function keyOf(folder: string, { pid, since }: LockHolder): string {
  return `${pid} ${since} ${folder}`;
}
