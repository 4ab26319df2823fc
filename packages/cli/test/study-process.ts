import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM } from './program.js';

/** A `tersor study` in a process of its own, from the sources: its trials are processes, too. */
export interface StudyProcess {
  readonly child: ChildProcess;
  /** Its exit code (null when it was killed), and what it wrote. */
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

export function startStudy(path: string, out: string, ...more: string[]): StudyProcess {
  return startTersor(['study', path, '--out', out, ...more]);
}

/** Any command of `tersor` in a process of its own, from the sources. */
export function startTersor(args: readonly string[]): StudyProcess {
  const child = spawn(process.execPath, [...PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: join(__dirname, '../../..'),
  });
  const written = { out: '', err: '' };
  child.stdout.on('data', (text) => (written.out += String(text)));
  child.stderr.on('data', (text) => (written.err += String(text)));
  return {
    child,
    ended: new Promise((resolve, reject) =>
      child.on('error', reject).on('close', (code) => resolve({ code, ...written })),
    ),
  };
}
