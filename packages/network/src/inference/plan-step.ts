import type { GraphLayer } from '@tersor/core';

/** A weight array of a step; batch norm is already folded in. */
export interface PlanWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * An activation that follows a step's result; `alpha` is the slope of `leakyrelu`, and with `beta` the line
 * of `hardsigmoid`: `alpha * x + beta`, between 0 and 1.
 */
export interface PlanActivation {
  readonly name: 'relu' | 'relu6' | 'sigmoid' | 'tanh' | 'elu' | 'leakyrelu' | 'softmax' | 'hardsigmoid';
  readonly alpha?: number;
  readonly beta?: number;
}

interface Window {
  readonly strides: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/**
 * A convolution over NHWC. `kernel` is [h, w, in, out]; for `depthwise` [h, w, in, multiplier]. In `groups`,
 * each of so many blocks of outputs reads one block of inputs, and `kernel` is [h, w, in / groups, out].
 */
export interface ConvolutionOperation extends Window {
  readonly kind: 'convolution' | 'depthwise';
  readonly kernel: PlanWeight;
  readonly bias?: PlanWeight;
  readonly dilation: readonly [number, number];
  /** 1 where it is left out; never given for `depthwise`. */
  readonly groups?: number;
}

/** `x * kernel + bias` of a [batch, in] input; `kernel` is [in, out]. */
export interface DenseOperation {
  readonly kind: 'dense';
  readonly kernel: PlanWeight;
  readonly bias?: PlanWeight;
}

/** What a step computes from its inputs. Everything is channels last. */
export type PlanOperation =
  | { readonly kind: 'input' }
  | ConvolutionOperation
  | DenseOperation
  /**
   * Batch norm that could not be folded: `x * scale + shift`, shaped [channels], or [size, 1, ...] where it
   * is over another axis than the last.
   */
  | { readonly kind: 'scale-shift'; readonly scale: PlanWeight; readonly shift: PlanWeight }
  | { readonly kind: 'activation' }
  | { readonly kind: 'add' }
  | { readonly kind: 'concatenate' }
  | (Window & { readonly kind: 'max-pool' | 'average-pool'; readonly size: readonly [number, number] })
  | { readonly kind: 'global-average-pool' }
  /** `shape` is one sample's. */
  | { readonly kind: 'reshape'; readonly shape: readonly number[] }
  /** Of rows and columns, with `value` where it is given. */
  | {
      readonly kind: 'zero-pad';
      readonly padding: readonly [readonly [number, number], readonly [number, number]];
      readonly value?: number;
    }
  /** Part of each axis of a sample. */
  | { readonly kind: 'slice'; readonly begin: readonly number[]; readonly size: readonly number[] }
  /** Axes in another order; axis 0, the batch, stays first. */
  | { readonly kind: 'transpose'; readonly order: readonly number[] }
  /** Anything else: the stock tfjs layer runs it. `inputShapes` are one sample's. */
  | {
      readonly kind: 'layer';
      readonly layer: GraphLayer;
      readonly inputShapes: readonly (readonly number[])[];
    };

/** One step. Its index in the plan names its result. */
export interface PlanStep {
  readonly operation: PlanOperation;
  /** Applied to the operation's result. */
  readonly activation?: PlanActivation;
  /** Indexes of the steps whose results it reads. */
  readonly inputs: readonly number[];
  /** Indexes of the results that no later step reads: free them after this one. */
  readonly release: readonly number[];
}

/** A network as a list of fused steps, in running order. Plain data that can be sent to a worker. */
export interface InferencePlan {
  /** Shape of one sample. */
  readonly inputShape: readonly number[];
  /** The first step is the input. */
  readonly steps: readonly PlanStep[];
  /** Index of the step whose result is the network's first output; it is never released. */
  readonly output: number;
  readonly outputShape: readonly number[];
}
