import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import type { Availability } from '@tersor/core';
import { environmentFor } from './backend-environment.js';

/** Longer than any library takes to load, so that a driver that hangs does not make `tersor doctor` hang. */
const LIMIT_MS = 120_000;

/** Which backend to try. */
export interface ProbeRequest {
  /** Package or file of the plugin. */
  readonly source: string;
  readonly id: string;
  /** Folders to look it up in. */
  readonly directories: readonly string[];
}

/** Result of trying a backend. */
export interface Probe {
  readonly availability: Availability;
  /** What its libraries wrote to stdout and stderr. */
  readonly output: string;
}

/**
 * Asks a backend whether it can run here, in a separate process with the environment of a run: native
 * libraries write to stderr, and may crash their process when they are loaded. Never rejects.
 */
export async function probeBackend(request: ProbeRequest): Promise<Probe> {
  const program = join(__dirname, `probe-backend-process${extname(__filename)}`);
  // When running from source, child processes do not inherit what reads the sources in this process.
  const sources = join(__dirname, '../../../../tools/read-sources.cjs');
  const needsLoader =
    __filename.endsWith('.ts') && !process.execArgv.some((argument) => /^--(import|require)/.test(argument));
  const execArgv = needsLoader ? ['--conditions=tersor/source', '--require', sources] : process.execArgv;
  const { source, id, directories } = request;
  const variables = await environmentFor({ use: `${source}#${id}` }, directories);
  const child = fork(program, {
    execArgv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...variables, ...process.env },
    timeout: LIMIT_MS,
  });
  return await new Promise((resolve) => {
    let answer: Availability | undefined;
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (text) => (output += String(text)));
    child.once('message', (message) => (answer = message as Availability));
    child.once('error', (error) => resolve({ availability: died(error.message), output }));
    child.once('close', (code, signal) =>
      resolve({ availability: answer ?? died(signal ? `ended by ${signal}` : `exit code ${code}`), output }),
    );
    // If the process is already gone, its exit event reports it.
    child.send(request, () => undefined);
  });
}

function died(how: string): Availability {
  return {
    available: false,
    reason: `The process that tried it ended without an answer (${how}).`,
    install: 'Reinstall it; `tersor doctor --verbose` shows the output of its libraries.',
  };
}
