import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM } from './program.js';

/** Where a process is killed (SIGKILL): some time after the first progress that follows a text. */
export interface Kill {
  readonly after: string;
  /** The text alone is the sign. */
  readonly atOnce?: boolean;
  /** Milliseconds, in which the process goes on; it does nothing more when absent. */
  readonly wait?: number;
}

/**
 * Runs the command line in a process of its own, which kills itself where that is asked for. Gives the exit
 * code (null when it was killed) and what it wrote to the standard error.
 */
export function runAndKill(
  args: readonly string[],
  kill?: Kill,
): Promise<{ readonly code: number | null; readonly err: string }> {
  const child = spawn(
    process.execPath,
    ['--require', join(__dirname, 'kill-itself.cjs'), ...PROGRAM, ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: join(__dirname, '../../..'),
      env: { ...process.env, ...(kill && { KILL_ITSELF: JSON.stringify(kill) }) },
    },
  );
  return new Promise((resolve, reject) => {
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, err }));
  });
}
