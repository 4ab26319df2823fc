import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { StartCommand } from '@tersor/compression';
import { messageOf, TersorError } from '@tersor/core';
import type { Item } from '../items/item.js';
import { NO_LINK } from '../items/open-regular.js';

/** Commands that produce items; nothing else is ever started, whatever a file in a folder says. */
const COMMANDS = { run: ['compress', 'apply'], study: ['study'], training: ['train'] } as const;
type Kind = keyof typeof COMMANDS;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_LINK;
/** Options that are dropped when resuming, since the output only goes to the log. */
const DROPPED = ['--json', '--quiet', '--resume'];

/** Whether something can be started again from here. */
export interface Resumable {
  /** What "resume" would start, for people. */
  readonly resume?: string;
  /** Why it would not start, and what to do. */
  readonly resumeProblem?: string;
}

/**
 * Whether a run or study can be started again from here: not if it was not started from the command line, or
 * was started on another machine.
 * @param settings what names variables of the environment, besides the command
 */
export function resumable(
  kind: Kind,
  command: StartCommand | undefined,
  { host = hostname(), settings }: { readonly host?: string | undefined; readonly settings?: unknown } = {},
): Resumable {
  if (!isCommand(kind, command) || host !== hostname()) return {};
  const resumeProblem = problemOf(command, settings);
  if (resumeProblem !== undefined) return { resumeProblem };
  return { resume: `tersor ${resumedArgs(command).map(quoted).join(' ')}\nin ${command.directory}` };
}

/** What stands for a password that was not kept. */
const STRUCK_OUT = /:\*\*\*@|=\*\*\*/;

function problemOf({ args }: StartCommand, settings: unknown): string | undefined {
  if (args.some((each) => STRUCK_OUT.test(each)))
    return (
      'Its command had the password of a URL in it, and passwords are not kept. Start it once more on the ' +
      'command line with --resume, with a variable in place of the password, as in ' +
      "'redis://:${PASSWORD}@host'; where that is set for `tersor ui`, too, it can be resumed here from then on."
    );
  const missing = variablesOf(JSON.stringify([args, settings])).filter((name) => !process.env[name]);
  if (missing.length === 0) return undefined;
  return (
    `It needs ${missing.join(' and ')} in the environment, which this page's server does not have. End ` +
    '`tersor ui`, and start it where that is set.'
  );
}

/** The variables that URLs in a text name. */
function variablesOf(text: string): string[] {
  const urls = text.match(/:\/\/[^\s"]*/g) ?? [];
  return [...new Set(urls.flatMap((url) => [...url.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!)))];
}

function isCommand(kind: Kind, command: StartCommand | undefined): command is StartCommand {
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
  { kind, folder, resumeProblem }: Pick<Item, 'kind' | 'folder' | 'resumeProblem'>,
  command: StartCommand | undefined,
  program: readonly string[],
  onEnd: (code: number | undefined) => void,
): Promise<void> {
  if (resumeProblem !== undefined)
    throw new TersorError('CONFIG_INVALID', `${folder} cannot be resumed from here.`, {
      hint: resumeProblem,
    });
  if (!isCommand(kind, command))
    throw new TersorError('CONFIG_INVALID', `It is not known how ${folder} was started.`, {
      hint: 'Start it again on the command line, with --resume.',
    });
  let log: number | undefined;
  try {
    log = openSync(join(folder, 'log.txt'), APPEND, 0o666);
    const [node, ...first] = program;
    const child = spawn(node!, [...first, ...resumedArgs(command), '--out', folder], {
      cwd: command.directory,
      // With the variables that stand for passwords in its command.
      env: process.env,
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
    if (log !== undefined) closeSync(log);
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
