import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrialRunner } from './trial-runner.js';

const TAIL = 2000;
/** Exit codes of a run that was stopped as asked, by SIGHUP, SIGINT, SIGTERM. */
const INTERRUPTED: readonly unknown[] = [129, 130, 143];

/**
 * Runs every trial as `<command> compress <config> --out <folder> ...` in a process of its own, so that a crash takes only its own trial along. `command` is the
 * program with its first arguments. What a trial writes to stderr goes to `log.txt` in its folder. Aborting sends SIGINT, to which a trial saves itself; when this
 * process exits, its trials are ended.
 */
export function childProcessRunner(command: readonly string[]): TrialRunner {
  const [program, ...first] = command;
  return {
    async run({ configPath, overrides, folder }, signal) {
      await mkdir(folder, { recursive: true });
      const args = [...first, 'compress', configPath, '--out', folder, '--resume', '--quiet', ...overrides.flatMap((override) => ['--set', override])];
      const log = createWriteStream(join(folder, 'log.txt'));
      // A process group of its own: Ctrl-C at the terminal must not reach a trial twice, and a signal must reach a process that the trial has started in its place.
      const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      const stop = () => send(child, 'SIGINT');
      const end = () => send(child, 'SIGKILL');
      signal.addEventListener('abort', stop);
      process.once('exit', end);
      if (signal.aborted) stop();
      let tail = '';
      child.stderr.on('data', (chunk: Buffer) => {
        log.write(chunk);
        tail = (tail + chunk.toString()).slice(-TAIL);
      });
      try {
        const ending = await new Promise<{ code: number | undefined; problem: string }>((resolve) => {
          child.once('error', (error) => resolve({ code: undefined, problem: error.message }));
          child.once('close', (code, by) => resolve({ code: code ?? undefined, problem: code === null ? `ended by ${by}` : `exit code ${code}` }));
        });
        if (ending.code === 0) return { status: 'done' };
        if (INTERRUPTED.includes(ending.code) || signal.aborted) return { status: 'interrupted' };
        return { status: 'failed', error: tail.trim() || ending.problem };
      } finally {
        signal.removeEventListener('abort', stop);
        process.off('exit', end);
        log.end();
      }
    },
  };
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
