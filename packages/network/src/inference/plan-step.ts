import type { GraphLayer } from '@tersor/core';

/** A weight array of a step; batch norm is already folded in. */
export interface PlanWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * An activation applied to a step's result. `alpha` is the slope of `leakyrelu`; `hardsigmoid` is
 * `alpha * x + beta`, clipped to [0, 1].
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
 * A convolution over NHWC. `kernel` is [h, w, in, out]; for `depthwise` [h, w, in, multiplier]. With
 * `groups`, outputs are in that many blocks, each of which reads one block of inputs, and `kernel` is [h, w,
 * in / groups, out].
 */
export interface ConvolutionOperation extends Window {
  readonly kind: 'convolution' | 'depthwise';
  readonly kernel: PlanWeight;
  readonly bias?: PlanWeight;
  readonly dilation: readonly [number, number];
  /** Default 1; absent for `depthwise`. */
  readonly groups?: number;
}

/** `x * kernel + bias` of a [batch, in] input; `kernel` is [in, out]. */
export interface DenseOperation {
  readonly kind: 'dense';
  readonly kernel: PlanWeight;
  readonly bias?: PlanWeight;
}

/** What a step computes from its inputs. All tensors have channels last. */
export type PlanOperation =
  | { readonly kind: 'input' }
  | ConvolutionOperation
  | DenseOperation
  /**
   * A batch norm that could not be folded: `x * scale + shift`, both of shape [channels], or [size, 1, ...]
   * if it is not over the last axis.
   */
  | { readonly kind: 'scale-shift'; readonly scale: PlanWeight; readonly shift: PlanWeight }
  | { readonly kind: 'activation' }
  | { readonly kind: 'add' }
  | { readonly kind: 'concatenate' }
  | (Window & { readonly kind: 'max-pool' | 'average-pool'; readonly size: readonly [number, number] })
  | { readonly kind: 'global-average-pool' }
  /** `shape` is that of one sample. */
  | { readonly kind: 'reshape'; readonly shape: readonly number[] }
  /** Pads rows and columns with `value`, 0 by default. */
  | {
      readonly kind: 'zero-pad';
      readonly padding: readonly [readonly [number, number], readonly [number, number]];
      readonly value?: number;
    }
  /** Cuts out a part of each axis of a sample. */
  | { readonly kind: 'slice'; readonly begin: readonly number[]; readonly size: readonly number[] }
  /** Reorders axes; `order` includes the batch, axis 0, which stays first. */
  | { readonly kind: 'transpose'; readonly order: readonly number[] }
  /** Any other layer, run by stock tfjs. `inputShapes` are those of one sample. */
  | {
      readonly kind: 'layer';
      readonly layer: GraphLayer;
      readonly inputShapes: readonly (readonly number[])[];
    };

/** One step. Other steps refer to its result by its index in the plan. */
export interface PlanStep {
  readonly operation: PlanOperation;
  /** Applied to the operation's result. */
  readonly activation?: PlanActivation;
  /** Indexes of the steps whose results it reads. */
  readonly inputs: readonly number[];
  /** Indexes of the results to free after this step, because no later step reads them. */
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
