import type { ErrorCode, LayerGraph, TrainingBatch, TrainingObjective, TrainingStep } from '@tersor/core';
import type { InferencePlan } from '@tersor/network';

/** What the main thread asks of a worker. `session` is a number that the main thread gives. */
export type WorkerRequest =
  | {
      readonly kind: 'compile';
      readonly session: number;
      readonly plan: InferencePlan;
      readonly batchSize: number;
    }
  | { readonly kind: 'run'; readonly session: number; readonly images: Float32Array }
  | {
      readonly kind: 'observe';
      readonly session: number;
      readonly graph: LayerGraph;
      readonly calls: readonly number[];
    }
  | {
      readonly kind: 'run-observation';
      readonly session: number;
      readonly inputs: readonly Float32Array[];
    }
  | {
      readonly kind: 'compile-training';
      readonly session: number;
      readonly graph: LayerGraph;
      readonly objective: TrainingObjective;
    }
  | {
      readonly kind: 'step';
      readonly session: number;
      readonly weights: readonly Float32Array[];
      readonly batch: TrainingBatch;
    }
  | { readonly kind: 'dispose'; readonly session: number };

/** What it answers, by kind of request. */
export interface WorkerAnswers {
  compile: undefined;
  run: Float32Array;
  observe: undefined;
  'run-observation': readonly Float32Array[];
  'compile-training': undefined;
  step: TrainingStep;
  dispose: undefined;
}

/** A request with the number that its answer carries. */
export interface Envelope {
  readonly id: number;
  readonly request: WorkerRequest;
}

export type Answer =
  | { readonly id: number; readonly result: WorkerAnswers[keyof WorkerAnswers] }
  | { readonly id: number; readonly error: WorkerError };

/**
 * An error on its way between threads, which leaves everything but name, message and stack of an Error
 * behind.
 */
export interface WorkerError {
  readonly error: Error;
  /** Those of a `TersorError`. */
  readonly code?: ErrorCode;
  readonly hint?: string | undefined;
}
