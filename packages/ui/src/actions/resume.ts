import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { StartCommand } from '@tersor/compression';
import { messageOf, TersorError } from '@tersor/core';

/** Commands that produce runs and studies; nothing else is ever started, whatever a file in a folder says. */
const COMMANDS = { run: ['compress', 'apply'], study: ['study'] } as const;
/** Options that are dropped when resuming, since the output only goes to the log. */
const DROPPED = ['--json', '--quiet', '--resume'];

/**
 * The command that "resume" would start, as text; undefined if the run or study cannot be started from here,
 * because it was not started from the command line or on another machine.
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
 * Resumes a run or study in a separate process that outlives this one; its output is appended to `log.txt` in
 * its folder. Resolves when the process has started. `onEnd` gets its exit code. Throws `CONFIG_INVALID` if
 * it cannot be started.
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
      // Ctrl-C in the terminal of the server must not reach it.
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
