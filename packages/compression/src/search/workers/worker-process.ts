import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { TersorError } from '@tersor/core';
import type { FromWorker, SentError, ToWorker } from './messages.js';

/** Characters that are kept of what a worker writes to stderr. */
const TAIL = 2000;

/** A process that answers one message at a time. */
export interface WorkerProcess {
  /** Rejects with `WorkerEnded` when the process ends, else with the error that it answers. */
  ask(message: ToWorker): Promise<FromWorker>;
  end(): void;
}

/** A worker has ended before it answered. */
export class WorkerEnded extends Error {}

/** Starts a worker; it ends with this process, however that ends. */
export function startWorkerProcess(): WorkerProcess {
  const program = join(__dirname, `search-worker-process${extname(__filename)}`);
  // Whatever reads the sources in this process need not be something that its processes inherit.
  const sources = join(__dirname, '../../../../../tools/read-sources.cjs');
  const needsLoader =
    __filename.endsWith('.ts') && !process.execArgv.some((argument) => /^--(import|require)/.test(argument));
  const child = fork(program, {
    execArgv: needsLoader ? ['--conditions=tersor/source', '--require', sources] : process.execArgv,
    // Typed arrays as they are.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let tail = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-TAIL)));
  let ended: WorkerEnded | undefined;
  let waiting: { resolve(message: FromWorker): void; reject(error: Error): void } | undefined;
  const fail = (how: string) => {
    const words = tail.trim();
    ended ??= new WorkerEnded(words ? `${how}; the last that it wrote: ${words}` : how);
    waiting?.reject(ended);
    waiting = undefined;
  };
  child.on('message', (message) => {
    waiting?.resolve(message as FromWorker);
    waiting = undefined;
  });
  child.on('error', ({ message }) => fail(message));
  child.on('close', (code, signal) => fail(signal ? `ended by ${signal}` : `exit code ${code}`));
  return {
    ask: async (message) => {
      const answer = await new Promise<FromWorker>((resolve, reject) => {
        if (ended) return reject(ended);
        waiting = { resolve, reject };
        // A process that is gone already says so by its end.
        child.send(message, () => undefined);
      });
      if ('error' in answer) throw received(answer.error);
      return answer;
    },
    end: () => void child.kill('SIGKILL'),
  };
}

function received({ name, message, stack, code, hint }: SentError): Error {
  const cause = Object.assign(new Error(message), { name, stack });
  return code ? new TersorError(code, message, { ...(hint !== undefined && { hint }), cause }) : cause;
}
