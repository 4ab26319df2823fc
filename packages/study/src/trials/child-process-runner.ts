import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrialRunner } from './trial-runner.js';

/** Bytes of what a trial wrote to stderr that are looked through for its error. */
const TAIL = 20_000;
/** Characters of an error that are kept. */
const ERROR_LENGTH = 4000;
/** Exit codes of a run that was stopped as asked, by SIGHUP, SIGINT, SIGTERM. */
const INTERRUPTED: readonly unknown[] = [129, 130, 143];
/** How long a trial whose time is over has to save itself. */
const GRACE_MS = 30_000;

/**
 * Runs every trial as `<command> --verbose compress <config> --out <folder> ...` in a process of its own, so
 * that a crash takes only its own trial along. `command` is the program with its first arguments. What a
 * trial writes to stderr goes to `log.txt` in its folder. Aborting sends SIGINT, to which a trial saves
 * itself; one that is aborted by a `TimeoutError` is killed half a minute later. When this process exits, its
 * trials are ended; when it is killed, they see their standard input close (`TERSOR_TRIAL` tells them to
 * look).
 */
export function childProcessRunner(command: readonly string[], { graceMs = GRACE_MS } = {}): TrialRunner {
  const [program, ...first] = command;
  return {
    async run({ configPath, overrides, folder }, signal) {
      await mkdir(folder, { recursive: true });
      const args = [
        ...first,
        '--verbose',
        'compress',
        configPath,
        '--out',
        folder,
        '--resume',
        '--quiet',
        ...overrides.flatMap((override) => ['--set', override]),
      ];
      // The trial writes the file itself: through this process its last words would be lost when that is
      // killed.
      const log = await open(join(folder, 'log.txt'), 'a+');
      const { size: before } = await log.stat();
      // A process group of its own: Ctrl-C at the terminal must not reach a trial twice, and a signal must
      // reach a process that the trial has started in its place.
      const child = spawn(program!, args, {
        stdio: ['pipe', 'pipe', log.fd],
        detached: true,
        env: { ...process.env, TERSOR_TRIAL: '1' },
      });
      // Nobody reads it; it closes only when a process that the trial has started in its place has ended,
      // too.
      child.stdout?.resume();
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
        const ending = await new Promise<{ code: number | undefined; problem: string }>((resolve) => {
          child.once('error', (error) => resolve({ code: undefined, problem: error.message }));
          child.once('close', (code, by) =>
            resolve({
              code: code ?? undefined,
              problem: code === null ? `ended by ${by}` : `exit code ${code}`,
            }),
          );
        });
        if (ending.code === 0) return { status: 'done' };
        if (INTERRUPTED.includes(ending.code) || signal.aborted) return { status: 'interrupted' };
        return { status: 'failed', error: errorIn(await readFrom(log, before)) || ending.problem };
      } finally {
        clearTimeout(grace);
        signal.removeEventListener('abort', stop);
        process.off('exit', end);
        await log.close();
      }
    },
  };
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
