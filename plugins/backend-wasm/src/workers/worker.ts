import { parentPort } from 'node:worker_threads';
import {
  isTersorError,
  type InferenceSession,
  type ObservationSession,
  type TrainingSession,
} from '@tersor/core';
import { compileGradients, compilePlan, observeLayers } from '@tersor/network';
import { activateWasm } from '../activate-wasm.js';
import type { Answer, Envelope, WorkerAnswers, WorkerError, WorkerRequest } from './worker-messages.js';

/** A worker thread: its own wasm instance, and the sessions that the main thread asked for. */
const inference = new Map<number, InferenceSession>();
const observations = new Map<number, ObservationSession>();
const training = new Map<number, TrainingSession>();

async function answer(request: WorkerRequest): Promise<WorkerAnswers[keyof WorkerAnswers]> {
  await activateWasm();
  switch (request.kind) {
    case 'compile':
      inference.set(request.session, await compilePlan(request.plan, request.batchSize));
      return undefined;
    case 'run':
      return inference.get(request.session)!.run(request.images);
    case 'observe':
      observations.set(
        request.session,
        await observeLayers(request.graph, request.calls, { activate: activateWasm }),
      );
      return undefined;
    case 'run-observation':
      return observations.get(request.session)!.run(...request.inputs);
    case 'compile-training':
      training.set(request.session, await compileGradients(request.graph, request.objective));
      return undefined;
    case 'step':
      return training.get(request.session)!.step(request.weights, request.batch);
    case 'dispose':
      for (const sessions of [inference, observations, training]) {
        sessions.get(request.session)?.dispose();
        sessions.delete(request.session);
      }
      return undefined;
  }
}

/**
 * What the answer hands over, instead of a copy: tensors read from wasm memory are ours to give away.
 */
function buffersOf(reply: Answer): ArrayBuffer[] {
  if ('error' in reply || reply.result === undefined) return [];
  const { result } = reply;
  const arrays = result instanceof Float32Array ? [result] : 'updates' in result ? result.updates : result;
  return [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))];
}

function packed(thrown: unknown): WorkerError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return isTersorError(error) ? { error, code: error.code, hint: error.hint } : { error };
}

// One request after the other: two at once would interleave their tensors.
let last: Promise<void> = Promise.resolve();
parentPort!.on('message', ({ id, request }: Envelope) => {
  last = last
    .then(() => answer(request))
    .then(
      (result): Answer => ({ id, result }),
      (error: unknown): Answer => ({ id, error: packed(error) }),
    )
    .then((reply) => parentPort!.postMessage(reply, buffersOf(reply)));
});
