import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type Trial, type TrialOutcome, type TrialRunner } from '@tersor/core';
import { folderPlace } from '../results/folder-place.js';
import { writeJson } from '../results/study-store.js';
import { inLocalFolder } from './local-folder.js';
import { createTurns } from './turns.js';

/** How many of the last bytes of a trial's stderr are searched for its error. */
const TAIL = 20_000;
/** Characters of an error that are kept. */
const ERROR_LENGTH = 4000;
/** Exit codes of a run that stopped on SIGHUP, SIGINT or SIGTERM. */
const INTERRUPTED: readonly unknown[] = [129, 130, 143];

export interface ChildProcessOptions {
  /** What starts `tersor`: the program and its first arguments. */
  readonly command: readonly string[];
  /** Trials at the same time. */
  readonly concurrency?: number;
  /** Seconds that a trial has to save its state when its time is up. */
  readonly graceSeconds?: number;
  /** Whether trials refuse to run if model, data, plugins or version differ from their `inputs`. */
  readonly checkInputs?: boolean;
}

/**
 * Runs every trial as `<command> --verbose compress <folder>/config.json --out <folder> ...` in its own
 * process, so that a crash affects only that trial. Its stderr goes to `log.txt` in its folder. On abort, a
 * trial gets SIGINT and saves its state; if the reason is a `TimeoutError`, it is killed `graceSeconds`
 * later. When this process exits, it kills its trials; when it is itself killed, they notice that their
 * standard input closes (`TERSOR_TRIAL` tells them to watch it).
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
    // The trial writes to the file directly: piped through this process, its last words would be lost if this
    // process were killed.
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
  // A separate process group: Ctrl-C in the terminal must not reach a trial twice, and signals must also
  // reach a process that the trial starts to replace itself.
  const child = spawn(program!, [...first, '--verbose', ...args, '--resume', '--quiet'], {
    stdio: ['pipe', 'pipe', log.fd],
    detached: true,
    env: { ...process.env, TERSOR_TRIAL: '1' },
  });
  // Discard the output. The stream closes only once the processes that the trial has started have ended too.
  child.stdout?.resume();
  return child;
}

/** Waits for a process to end, and stops it when `signal` is aborted. */
async function ending(
  child: ChildProcess,
  signal: AbortSignal,
  graceMs: number,
): Promise<{ code: number | undefined; problem: string }> {
  const end = () => send(child, 'SIGKILL');
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    // A signal would end a process of Windows at once, unsaved: a trial stops where its input ends, too.
    if (process.platform === 'win32') child.stdin?.end();
    else send(child, 'SIGINT');
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

/** The last `TAIL` bytes of a file, but only what was written after its first `before` bytes. */
async function readFrom(file: FileHandle, before: number): Promise<string> {
  const { size } = await file.stat();
  const start = Math.max(before, size - TAIL);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

/**
 * The error in a trial's output: from the last line that starts with `tersor: `, including the stack; without
 * such a line, the end of the output.
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
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: it has already ended.
  }
}
