import { ModelLoadError } from '../model/model-load-error.js';
import { builtinModule } from '../source/builtin-module.js';
import type { DecodingWorker } from './decoding-protocol.js';

/** The part of the browser's `Worker` class that is used. */
type WorkerClass = new (address: string, options: object) => DecodingWorker & { terminate(): void };

/** The part of `node:worker_threads` that is used. */
interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: object,
  ) => {
    postMessage(message: unknown, transfer: unknown): void;
    on(event: 'error', listener: (error: unknown) => void): void;
    terminate(): Promise<unknown>;
  };
}

interface StartedWorker {
  readonly worker: DecodingWorker;
  /** Terminates it at once. */
  end(): void;
}

/** Worker name by which a single-file bundle knows that it runs as the decoding worker. */
const WORKER_NAME = 'tersor-decode';
/** Prefix of the script for Node, whose workers have no global `onmessage`. */
const NODE_HEAD = `require('node:worker_threads').parentPort.on('message', (data) => onmessage({ data }));`;

/**
 * Starts a decoding worker from source text, so that bundlers and servers need no other file. `undefined` if
 * the platform has no workers. Throws `WORKER_UNAVAILABLE`.
 */
export async function startWorker(): Promise<StartedWorker | undefined> {
  const { Worker } = globalThis as { Worker?: WorkerClass };
  const threads = Worker ? undefined : nodeThreads();
  if (!Worker && !threads) return undefined;
  const { decodeWorkerSource } = await import('./decode-worker-source.js');
  if (threads) {
    const worker = new threads.Worker(`${NODE_HEAD}\n${decodeWorkerSource}`, { eval: true });
    const started: DecodingWorker = {
      onerror: null,
      postMessage: (message, transfer) => worker.postMessage(message, transfer),
    };
    worker.on('error', (error) => started.onerror?.(error as never));
    return { worker: started, end: () => void worker.terminate() };
  }
  return Worker && fromBlob(Worker, decodeWorkerSource);
}

function nodeThreads(): NodeThreads | undefined {
  return builtinModule('node:worker_threads');
}

function fromBlob(Worker: WorkerClass, source: string): StartedWorker {
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  let worker: InstanceType<WorkerClass>;
  try {
    worker = new Worker(address, { type: 'module', name: WORKER_NAME });
  } catch (cause) {
    URL.revokeObjectURL(address);
    throw workerFailed(cause);
  }
  return {
    worker,
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

/** Throws `WORKER_UNAVAILABLE` for a value of the option `worker` that is neither a boolean nor a worker. */
export function requireWorker(worker: unknown): void {
  if (!worker || worker === true || (worker as Partial<DecodingWorker>).postMessage) return;
  throw new ModelLoadError('WORKER_UNAVAILABLE', 'The option worker is neither a boolean nor a worker.', {
    hint: "Give true, or give a worker of '@tersor/runtime/worker'.",
  });
}

/** The error for a worker that did not start, or ended by itself. */
export function workerFailed(cause: unknown): ModelLoadError {
  return new ModelLoadError('WORKER_UNAVAILABLE', 'The worker that decodes does not run.', {
    hint: "A Content-Security-Policy must have worker-src blob:, or give a worker of '@tersor/runtime/worker'.",
    cause,
  });
}
