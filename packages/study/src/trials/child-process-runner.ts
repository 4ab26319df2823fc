import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type Trial, type TrialOutcome, type TrialRunner } from '@tersor/core';
import { folderPlace } from '../results/folder-place.js';
import { writeJson } from '../results/study-store.js';
import { inLocalFolder } from './local-folder.js';
import { createTurns } from './turns.js';

/** Bytes of what a trial wrote to stderr that are looked through for its error. */
const TAIL = 20_000;
/** Characters of an error that are kept. */
const ERROR_LENGTH = 4000;
/** Exit codes of a run that was stopped as asked, by SIGHUP, SIGINT, SIGTERM. */
const INTERRUPTED: readonly unknown[] = [129, 130, 143];

export interface ChildProcessOptions {
  /** The program with its first arguments: what starts `tersor`. */
  readonly command: readonly string[];
  /** Trials at the same time. */
  readonly concurrency?: number;
  /** How long a trial whose time is over has to save itself, in seconds. */
  readonly graceSeconds?: number;
  /** Trials refuse to run where model, data, plugins or version are not those of `inputs`. */
  readonly checkInputs?: boolean;
}

/**
 * Runs every trial as `<command> --verbose compress <folder>/config.json --out <folder> ...` in a process of
 * its own, so that a crash takes only its own trial along. What a trial writes to stderr goes to `log.txt` in
 * its folder. Aborting sends SIGINT, to which a trial saves itself; one that is aborted by a `TimeoutError`
 * is killed `graceSeconds` later. When this process exits, its trials are ended; when it is killed, they see
 * their standard input close (`TERSOR_TRIAL` tells them to look).
 */
export function childProcessRunner({
  command,
  concurrency = 1,
  graceSeconds = 30,
  checkInputs = false,
}: ChildProcessOptions): TrialRunner {
  const inTurn = createTurns(concurrency);
  const runHere = async (trial: Trial, folder: string, signal: AbortSignal): Promise<TrialOutcome> => {
    await mkdir(folder, { recursive: true });
    await writeJson(folderPlace(folder), 'config.json', trial.config);
    if (checkInputs) await writeJson(folderPlace(folder), 'inputs.json', trial.inputs);
    // The trial writes the file itself: through this process its last words would be lost when that is
    // killed.
    const log = await open(join(folder, 'log.txt'), 'a+');
    try {
      const { size: before } = await log.stat();
      const child = start(command, trial, { folder, log, checkInputs });
      const { code, problem } = await ending(child, signal, graceSeconds * 1000);
      if (code === 0) return { status: 'done' };
      if (INTERRUPTED.includes(code) || signal.aborted) return { status: 'interrupted' };
      const silent = code === undefined ? problem : `${problem}; it could say nothing: the disk may be full`;
      return { status: 'failed', error: errorIn(await readFrom(log, before)) || silent };
    } finally {
      await log.close();
      if (checkInputs) await folderPlace(folder).remove('inputs.json');
    }
  };
  return {
    id: 'child-process',
    concurrency,
    run: async (trial, signal) => {
      try {
        const outcome = await inTurn(signal, () =>
          inLocalFolder(trial.place, (folder) => runHere(trial, folder, signal)),
        );
        return outcome ?? { status: 'interrupted' };
      } catch (error) {
        return { status: 'failed', error: `The trial could not be run: ${messageOf(error)}` };
      }
    },
  };
}

function start(
  [program, ...first]: readonly string[],
  { directory }: Trial,
  { folder, log, checkInputs }: { folder: string; log: FileHandle; checkInputs: boolean },
): ChildProcess {
  const args = ['compress', join(folder, 'config.json'), '--directory', directory, '--out', folder];
  if (checkInputs) args.push('--inputs', join(folder, 'inputs.json'));
  // A process group of its own: Ctrl-C at the terminal must not reach a trial twice, and a signal must reach
  // a process that the trial has started in its place.
  const child = spawn(program!, [...first, '--verbose', ...args, '--resume', '--quiet'], {
    stdio: ['pipe', 'pipe', log.fd],
    detached: true,
    env: { ...process.env, TERSOR_TRIAL: '1' },
  });
  // Nobody reads it; it closes only when a process that the trial has started in its place has ended, too.
  child.stdout?.resume();
  return child;
}

/** Waits for a process to end, and stops it where `signal` asks for it. */
async function ending(
  child: ChildProcess,
  signal: AbortSignal,
  graceMs: number,
): Promise<{ code: number | undefined; problem: string }> {
  const end = () => send(child, 'SIGKILL');
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    send(child, 'SIGINT');
    if ((signal.reason as Error | undefined)?.name === 'TimeoutError') grace = setTimeout(end, graceMs);
  };
  signal.addEventListener('abort', stop);
  process.once('exit', end);
  if (signal.aborted) stop();
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: undefined, problem: error.message }));
      child.once('close', (code, by) =>
        resolve({ code: code ?? undefined, problem: code === null ? `ended by ${by}` : `exit code ${code}` }),
      );
    });
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', stop);
    process.off('exit', end);
  }
}

/** The end of what was written to a file since it had `before` bytes. */
async function readFrom(file: FileHandle, before: number): Promise<string> {
  const { size } = await file.stat();
  const start = Math.max(before, size - TAIL);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

/**
 * What a trial said last: its error from the line on that Tersor begins it with, the stack after it; else the
 * end of what it wrote.
 */
function errorIn(written: string): string {
  const start = [...written.matchAll(/^tersor: /gm)].at(-1)?.index;
  return (
    start === undefined ? written.slice(-ERROR_LENGTH) : written.slice(start, start + ERROR_LENGTH)
  ).trim();
}

function send(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(name);
    else process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // It has ended meanwhile.
  }
}
