import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import type { Availability } from '@tersor/core';
import { environmentFor } from './backend-environment.js';

/** Longer than any library takes to load; a driver that hangs must not make `tersor doctor` hang. */
const LIMIT_MS = 120_000;

/** Which backend to try. */
export interface ProbeRequest {
  /** Package or file that the plugin is in. */
  readonly source: string;
  readonly id: string;
  /** Folders from which it is looked up. */
  readonly directories: readonly string[];
}

/** What trying a backend gave. */
export interface Probe {
  readonly availability: Availability;
  /** What its libraries wrote to stdout and stderr. */
  readonly output: string;
}

/**
 * Asks a backend whether it can run here, in a process of its own, started with the environment that a run
 * with it would have: native libraries write to stderr on their own, and one that crashes as it is loaded
 * takes its process along. Never rejects.
 */
export async function probeBackend(request: ProbeRequest): Promise<Probe> {
  const program = join(__dirname, `probe-backend-process${extname(__filename)}`);
  // Whatever reads the sources in this process need not be something that its processes inherit.
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
    // A process that is gone already says so by its end.
    child.send(request, () => undefined);
  });
}

function died(how: string): Availability {
  return {
    available: false,
    reason: `The process that tried it did not live to answer (${how}).`,
    install: 'Install it anew; `tersor doctor --verbose` shows what its libraries wrote.',
  };
}
