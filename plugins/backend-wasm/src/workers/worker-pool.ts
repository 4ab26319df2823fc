import { join } from 'node:path';
import { startThread, TersorError } from '@tersor/core';
import type { Answer, Envelope, WorkerAnswers, WorkerError, WorkerRequest } from './worker-messages.js';

/** A thread with its own wasm instance. */
export interface WasmWorker {
  ask<R extends WorkerRequest>(request: R): Promise<WorkerAnswers[R['kind']]>;
  stop(): Promise<void>;
}

/**
 * A worker's JavaScript objects are small and short-lived (its tensors lie in wasm memory). V8 would let the
 * space for young ones grow to 48 MB per thread in the course of a long search.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

/**
 * Starts a worker. It keeps the process alive only while an answer is awaited. Its end before that rejects
 * with `BACKEND_UNAVAILABLE`.
 */
export function startWorker(): WasmWorker {
  const worker = startThread(join(__dirname, 'worker'), { resourceLimits });
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  let nextId = 0;
  let stopping = false;
  const settle = (id: number) => {
    const entry = waiting.get(id)!;
    waiting.delete(id);
    // An answer that comes while the thread ends must not let the process end before it: whoever awaits
    // `stop` would never go on.
    if (waiting.size === 0 && !stopping) worker.unref();
    return entry;
  };
  const failAll = (reason: string) => {
    for (const id of [...waiting.keys()])
      settle(id).reject(
        new TersorError('BACKEND_UNAVAILABLE', `A worker of the wasm backend ended: ${reason}.`),
      );
  };
  worker.unref();
  worker.on('message', (answer: Answer) => {
    const { resolve, reject } = settle(answer.id);
    if ('error' in answer) reject(unpacked(answer.error));
    else resolve(answer.result as never);
  });
  worker.on('error', (error) => failAll(error.message));
  worker.on('exit', (code) => failAll(`exit code ${code}`));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, request } satisfies Envelope);
      }),
    stop: async () => {
      stopping = true;
      await worker.terminate();
    },
  };
}

function unpacked({ error, code, hint }: WorkerError): Error {
  return code ? new TersorError(code, error.message, { ...(hint && { hint }), cause: error }) : error;
}
