import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { StartCommand } from '@tersor/compression';
import { messageOf, TersorError } from '@tersor/core';

/** Commands that leave runs and studies; nothing else is started, whatever a file in a folder says. */
const COMMANDS = { run: ['compress', 'apply'], study: ['study'] } as const;
/** What a resumed run does without: nobody reads its output but the log. */
const DROPPED = ['--json', '--quiet', '--resume'];

/**
 * What "resume" would start, for people; undefined for a run or study that can't be started from here: it
 * was not begun by the command line, or on another machine.
 */
export function resumeText(
  kind: 'run' | 'study',
  command: StartCommand | undefined,
  host: string | undefined,
): string | undefined {
  if (!isCommand(kind, command) || (host !== undefined && host !== hostname())) return undefined;
  return `tersor ${resumedArgs(command).map(quoted).join(' ')}\nin ${command.directory}`;
}

function isCommand(kind: 'run' | 'study', command: StartCommand | undefined): command is StartCommand {
  const args: unknown = command?.args;
  if (!Array.isArray(args) || typeof command?.directory !== 'string') return false;
  return (
    args.every((each) => typeof each === 'string') &&
    (COMMANDS[kind] as readonly unknown[]).includes(args.find((each) => each !== '--verbose'))
  );
}

function resumedArgs({ args }: StartCommand): string[] {
  return [...args.filter((each) => !DROPPED.includes(each)), '--resume'];
}

/**
 * Starts a run or study again where it stopped, in a process of its own that outlives this one; what it says
 * is appended to `log.txt` in its folder. Resolves when the process has begun. `onEnd` is told its exit code.
 * Throws `CONFIG_INVALID` for what can't be started.
 * @param program what starts `tersor`
 */
export async function resume(
  { kind, folder }: { readonly kind: 'run' | 'study'; readonly folder: string },
  command: StartCommand | undefined,
  program: readonly string[],
  onEnd: (code: number | undefined) => void,
): Promise<void> {
  if (!isCommand(kind, command))
    throw new TersorError('CONFIG_INVALID', `It is not known how ${folder} was started.`, {
      hint: 'Start it again on the command line, with --resume.',
    });
  const log = openSync(join(folder, 'log.txt'), 'a');
  try {
    const [node, ...first] = program;
    const child = spawn(node!, [...first, ...resumedArgs(command), '--out', folder], {
      cwd: command.directory,
      stdio: ['ignore', log, log],
      // Ctrl-C in the terminal of the page's server is not meant for it.
      detached: true,
    });
    child.once('exit', (code) => onEnd(code ?? undefined));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
  } catch (cause) {
    throw new TersorError(
      'CONFIG_INVALID',
      `${folder} cannot be resumed from ${command.directory}: ${messageOf(cause)}`,
      { cause },
    );
  } finally {
    closeSync(log);
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
