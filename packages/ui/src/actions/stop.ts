import { holderOf, type LockHolder } from '@tersor/compression';
import { messageOf, TersorError } from '@tersor/core';

/**
 * Stops the process that holds a folder like Ctrl-C: it saves its state and ends. Only a process of this
 * machine that holds the folder's lock now gets the signal, and only once, since a second one would end it
 * unsaved. Returns a message for the user. Throws `OUTPUT_LOCKED` if there is nothing to stop, or it cannot
 * be stopped.
 * @param asked processes that were already asked to stop
 */
export function stop(folder: string, asked: Set<string>): string {
  const holder = holderOf(folder);
  if (!holder)
    throw new TersorError('OUTPUT_LOCKED', `Nothing is running in ${folder} any more.`, {
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
  if (asked.has(key)) return 'A stop was already requested: it ends when its episode or epoch is saved.';
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
