import type { LayerGraph } from './layer-graph.js';

export type Precision = 'float32' | 'bfloat16';

/** The precision of a run's sessions, if the backend had to choose it. */
export interface ChosenPrecision {
  readonly precision: Precision;
  /** Milliseconds per image in each precision that was tried. */
  readonly milliseconds: Readonly<Partial<Record<Precision, number>>>;
}

/** Lets a run choose the faster precision. */
export interface PrecisionChoice {
  /** Times sessions of a network on these images, for about a second in total. Chooses nothing yet. */
  measure(graph: LayerGraph, images: Float32Array): Promise<ChosenPrecision>;
  /** From now on, sessions whose caller names no precision have this one. */
  use(chosen: ChosenPrecision): void;
}

/** Whether a backend can run here; an unavailable one says why and what to install. */
export type Availability =
  | { readonly available: true; readonly details: Readonly<Record<string, string | number>> }
  | { readonly available: false; readonly reason: string; readonly install: string };

export interface BackendCapabilities {
  readonly training: boolean;
  readonly precisions: readonly Precision[];
  /** Number of worker threads that batches are split over; 1 if they are not. */
  readonly workers: number;
}

/**
 * A network compiled for inference: batch norm folded, activations fused where the backend can, weights
 * uploaded once.
 */
export interface InferenceSession {
  /**
   * Runs the network. `images` is NHWC float32 of any count; the backend chooses the batch size. The same
   * array passed again may be kept on the device. Resolves to the first output (logits or probabilities as
   * the model gives), `count * outputs` values.
   */
  run(images: Float32Array): Promise<Float32Array>;
  /** Frees the weights and cached images. Twice is harmless. */
  dispose(): void;
}

/** A network that returns the results of chosen calls. */
export interface ObservationSession {
  /**
   * Runs the network. Takes one array for each of the graph's inputs, in their order: NHWC float32, the same
   * count of samples in each. Resolves to one array for each asked call, in the order asked: `count` times
   * the values of the call's `outputShape`, the samples one after the other. They are the caller's to keep.
   * All of them are in memory at once: pass as many samples as there is room for.
   */
  run(...inputs: Float32Array[]): Promise<readonly Float32Array[]>;
  /** Frees the weights. Twice is harmless. */
  dispose(): void;
}

/** The loss: `(1 - distill) * crossEntropy(labels) + distill * temperature^2 * KL(teacher, student)`. */
export interface TrainingObjective {
  /** 0..1; spread evenly over the classes. */
  readonly labelSmoothing: number;
  /** Weight of the teacher, 0..1. */
  readonly distill: number;
  readonly temperature: number;
  /** Batch norm uses its moving statistics, which then stay as they are, instead of the batch's. */
  readonly freezeStatistics?: boolean | undefined;
}

export interface TrainingBatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** Logits (or log-probabilities) of the teacher, `count * classes`, when `distill > 0`. */
  readonly teacher?: Float32Array;
  /** Seed of dropout and all other random layers in this step. */
  readonly seed: number;
}

export interface TrainingStep {
  /** Mean loss of the batch, without weight decay. */
  readonly loss: number;
  /** Share of the batch that is classified correctly. */
  readonly accuracy: number;
  /**
   * In the order of the graph's weights (layers, then weights): the mean gradient of a trainable weight; for
   * moving statistics of batch norm the batch's own mean or variance. Those of frozen layers (`trainable:
   * false`) are not looked at.
   */
  readonly updates: readonly Float32Array[];
}

/** Computes losses and gradients of a network whose weights the caller owns. */
export interface TrainingSession {
  /** One forward and backward pass at the given weights, in the graph's order. */
  step(weights: readonly Float32Array[], batch: TrainingBatch): Promise<TrainingStep>;
  dispose(): void;
}

/** Runs networks. It does not redefine tensor operations: the kernel registry of tfjs is that seam. */
export interface Backend {
  readonly id: string;
  readonly capabilities: BackendCapabilities;
  /** Says whether this backend can run here. Never throws. */
  isAvailable(): Promise<Availability>;
  /**
   * Makes it the active backend of this process; harmless when it already is. Throws `BACKEND_UNAVAILABLE`.
   */
  activate(): Promise<void>;
  /**
   * Present if the precision is to be chosen by measuring the network. A run measures once and keeps the
   * choice with its checkpoints. Until `use` is called, sessions are in float32.
   */
  readonly choice?: PrecisionChoice;
  /** Compiles a network for inference. Throws `PRECISION_UNSUPPORTED`. */
  compile(graph: LayerGraph, options?: { readonly precision?: Precision }): Promise<InferenceSession>;
  /**
   * Compiles a network for looking inside. `calls` are indexes into `graph.calls`; that of an input gives the
   * input. The values are those that the layers of the graph give, each with its own weights, in float32: a
   * batch norm that is folded into the layer before it must not show. The network may have several inputs,
   * and layers that no output needs. Throws `MODEL_INVALID` for a call that the graph does not have.
   */
  observe(graph: LayerGraph, calls: readonly number[]): Promise<ObservationSession>;
  /**
   * Optional: X'Y of X with each of `others`, in float32. `x` and `others` are matrices in row-major order,
   * all with the same number of `rows`; `x` may be one of `others`. Each result is columns of x times columns
   * of y. Calibration and refits multiply so. Where it is missing, they run each product as a dense layer,
   * which costs a compilation; a backend that can do better states it here.
   */
  crossProducts?(
    x: Float32Array,
    others: readonly Float32Array[],
    rows: number,
  ): Promise<readonly Float32Array[]>;
  /**
   * Compiles a network for training. Throws `TRAINING_UNSUPPORTED` where `capabilities.training` is false, or
   * for a layer without a gradient (which a step may throw, too).
   */
  compileTraining(graph: LayerGraph, objective: TrainingObjective): Promise<TrainingSession>;
  /** Numbers of tensors and bytes in use. */
  memory(): { readonly tensors: number; readonly bytes: number };
  /** Frees workers and device memory; the backend can be activated again. Twice is harmless. */
  dispose(): Promise<void>;
}
