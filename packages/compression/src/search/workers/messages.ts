import type {
  Action,
  ChosenPrecision,
  CompressConfig,
  ErrorCode,
  LayerGraph,
  StepResult,
} from '@tersor/core';
import type { NetworkFigures } from '../../results/pipeline-types.js';
import type { StageState } from '../../run/run-state.js';
import type { RacingState } from '../racing.js';

/** What a worker builds its environment from: structured-cloneable. */
export interface WorkerSetup {
  readonly config: CompressConfig;
  /** Folder that paths of the config are resolved against. */
  readonly directory: string;
  readonly searchFrom: readonly string[];
  readonly stage: 'prune' | 'quantize';
  /** The network that the stage begins with: of stage 2, what stage 1 left. */
  readonly graph: LayerGraph;
  /** How far the stage had come when its search began. */
  readonly state: StageState;
  readonly baseline: NetworkFigures;
  /** What the run's backend has chosen. */
  readonly precision?: ChosenPrecision | undefined;
  /** Threads that the worker should keep to. */
  readonly threads: number;
}

/** A step of an episode. A worker that is elsewhere walks the steps before it again. */
export interface StepRequest {
  readonly seed: number;
  /** All of the episode's actions so far, as the agent proposed them; none for the first observation. */
  readonly actions: readonly Action[];
  /** Best reward before the batch that the episode belongs to. */
  readonly best: number;
  /** What was measured before the batch, as far as the worker was not told yet. */
  readonly measured: RacingState;
}

/** What came of it. */
export interface StepAnswer {
  /** The first observation alone where no action was asked for. */
  readonly step: Pick<StepResult, 'observation'> | StepResult;
  /** What the worker has measured for it. */
  readonly measured: RacingState;
  /** Networks that it has measured besides, whose policies it was not told. */
  readonly unnamed: number;
  readonly notices: readonly string[];
  /** Tensors that the worker's backend holds. */
  readonly tensors: number;
}

/** Messages to a worker. */
export type ToWorker = { readonly setup: WorkerSetup } | { readonly request: StepRequest };

/** An error on its way between processes. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Those of a `TersorError`. */
  readonly code?: ErrorCode;
  readonly hint?: string | undefined;
}

/** Messages from a worker: one for each that it gets. */
export type FromWorker =
  | { readonly ready: true }
  | { readonly answer: StepAnswer }
  | { readonly error: SentError };
