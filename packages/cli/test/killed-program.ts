import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM } from './program.js';

/** Where a process is killed (SIGKILL): some time after the first progress that follows a text. */
export interface Kill {
  readonly after: string;
  /** The text alone is the sign. */
  readonly atOnce?: boolean;
  /** Milliseconds; 0 when absent. */
  readonly wait?: number;
}

/**
 * Runs the command line in a process of its own, which is killed where that is asked for. Gives the exit code
 * (null when it was killed) and what it wrote to the standard error.
 */
export function runAndKill(
  args: readonly string[],
  kill?: Kill,
): Promise<{ readonly code: number | null; readonly err: string }> {
  const child = spawn(process.execPath, [...PROGRAM, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: join(__dirname, '../../..'),
  });
  return new Promise((resolve, reject) => {
    let err = '';
    let isAimed = false;
    child.stderr.on('data', (text) => {
      err += String(text);
      const from = kill ? err.indexOf(kill.after) : -1;
      if (!kill || isAimed || from < 0) return;
      if (!kill.atOnce && !/\n {2}\d+\/\d+ /.test(err.slice(from))) return;
      isAimed = true;
      if (kill.wait === undefined) child.kill('SIGKILL');
      else setTimeout(() => child.kill('SIGKILL'), kill.wait);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, err }));
  });
}
