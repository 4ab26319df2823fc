import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread with a compiled module of Tersor. Inside the repository the thread reads TypeScript, like
 * the process that starts it, whichever loader that has.
 * @param path of the module, without `.js` or `.ts`
 */
export function startThread(path: string, options: WorkerOptions = {}): Worker {
  if (!__filename.endsWith('.ts')) return new Worker(`${path}.js`, options);
  const loader = join(__dirname, '../../../../tools/read-sources.cjs');
  return new Worker(`require(${JSON.stringify(loader)}); require(${JSON.stringify(`${path}.ts`)});`, {
    ...options,
    eval: true,
    execArgv: ['--conditions=tersor/source'],
  });
}
