import type * as tf from '@tensorflow/tfjs-core';
import type { GraphLayer, GroupMember, LayerCall, WeightTensor } from '@tersor/core';
import type { ChannelTable } from '../groups/channel-table.js';
import type { PlanActivation, PlanOperation } from '../inference/plan-step.js';

type Config = GraphLayer['config'];
type Shape = LayerCall['outputShape'];

/**
 * All that is known about one Keras class of layers. Channel groups, surgery, cost, inference plans, latency
 * and the pruners read it, and nothing else says what a class does: a new class is one such record, in
 * `KERAS_LAYERS` or given to `registerLayerFacts`. What a record leaves out is not known, and the layer is
 * treated with care: it is run by stock TensorFlow.js, and its channels stay. Shapes are of one sample, with
 * channels last, unless said otherwise.
 */
export interface LayerFacts {
  /** Keras class name, for instance `Conv2D`. */
  readonly className: string;
  /** How channels pass. Without it the layer is a barrier: what it reads and gives is not pruned. */
  readonly channels?: {
    /** In a few words, for the table in the docs. */
    readonly how: string;
    readonly rule: ChannelRule;
  };
  /** The axes of its weights whose indexes are channels, in the order of the weights. */
  readonly weights?: readonly WeightAxis[];
  /** Output channels for each input channel, of a layer that mixes none but has a kernel for each. */
  readonly outputsPerInput?: (layer: GraphLayer) => number | undefined;
  /**
   * Output channels after surgery, of a layer whose weights do not say it. Those of the first input where it
   * is left out.
   */
  readonly outputChannels?: (site: ShapeSite) => number | undefined;
  /** Its config for another number of output channels; `outputShape` is the new one, and so is the site. */
  readonly resized?: (config: Config, outputShape: Shape, site: ResizedSite) => Config;
  /**
   * How many channels can only go at once, of a layer that takes and gives them in blocks: of the input, of
   * the output, and whether the number of one says that of the other.
   */
  readonly blocks?: (layer: GraphLayer) => ChannelBlocks | undefined;
  /** Whether several inputs follow one another in the output's channels. */
  readonly concatenates?: boolean;
  /** Whether it is the sum of its inputs. */
  readonly adds?: boolean;
  /** Whether it is a matrix product of the channels of each position, and agents are told so. */
  readonly multipliesMatrix?: boolean;
  /**
   * What its kernels are applied to, each value once: every position of the output, or of the input. Without
   * it no multiply-adds are counted.
   */
  readonly positions?: 'input' | 'output';
  /**
   * The fused operations, in order, that it is at inference; none where it passes its input on. `undefined`
   * (or no such function): the stock layer runs it. A layer with channels first is always run by that.
   */
  readonly operations?: (site: OperationSite) => readonly EmittedOperation[] | undefined;
  /**
   * Whether its time is part of that of the layer before, because backends fuse it or it costs nothing:
   * always, or only after a layer of one input. Left out: it is timed by itself.
   */
  readonly rides?: 'always' | 'after one input';
  /** How a 2-D kernel moves over its input; `undefined` for options that are not handled. */
  readonly window?: (layer: GraphLayer) => KernelWindow | undefined;
  /**
   * The weight that can be fitted again by least squares to the moments of what it reads: a matrix product of
   * patches (of its window, where it has one) with this weight, outputs last.
   */
  readonly refit?: string;
  /**
   * How many groups of one size its channels are in, each of which has rows of its own: a group of outputs
   * reads one of inputs, and of the kernel there is one for each. 1 where it is left out.
   */
  readonly groups?: (layer: GraphLayer) => number;
  /**
   * The kernels that a row of its input (kernel position x channel) is multiplied with, in turn; absent where
   * it reads no such rows.
   */
  readonly kernels?: readonly KernelFacts[];
  /**
   * Whether the 2-D slices of its `kernel` can bear noise: it is a convolution by its window, or a matrix
   * product where it has none.
   */
  readonly noise?: boolean;
  /** Where a constant can be added to what it gives, before its activation. */
  readonly outputOffset?: OffsetWeight;
  /** Where a constant can be added to what it reads; `undefined` where these weights are not by channel. */
  readonly inputOffset?: (layer: GraphLayer, inputShape: Shape) => OffsetWeight | undefined;
  /** Whether `moving_mean` and `moving_variance` are statistics of its input, by its axis. */
  readonly statistics?: boolean;
  /** The activation that is applied to all that it gives. */
  readonly activation?: ActivationFacts;
  /** Whether probabilities come out in the order they came in, or are averaged, chosen or moved. */
  readonly probabilities?: (layer: GraphLayer) => 'kept' | 'mixed' | undefined;
  /** What it gives in training, where that is not what the stock layer does. */
  readonly training?: TrainingRule;
  /** The layer without what it does at random in training. */
  readonly withoutChance?: (layer: GraphLayer) => GraphLayer;
  /**
   * What a class of Tersor's own becomes for stock TensorFlow.js, for an input of a shape; `undefined` where
   * no stock layer computes the same.
   */
  readonly stock?: (layer: GraphLayer, inputShape: Shape) => GraphLayer | undefined;
  /** The layer that it applies to parts of its input, and itself with another one. */
  readonly wrapped?: {
    of(layer: GraphLayer): GraphLayer | undefined;
    with(layer: GraphLayer, inner: GraphLayer): GraphLayer;
  };
  /** What TensorFlow.js does not compute as its config says. */
  readonly problem?: (layer: GraphLayer, inputShapes: readonly Shape[]) => LayerProblem | undefined;
  /** Its config with what `getConfig` of TensorFlow.js leaves out. */
  readonly restoredConfig?: (
    config: Record<string, unknown>,
    weights: readonly WeightTensor[],
  ) => Record<string, unknown>;
}

/**
 * An axis of a weight: it `consumes` the channels of the input (mixes them), `produces` those of the output,
 * or `carries` them, one by one, along.
 */
export interface WeightAxis {
  readonly weight: string;
  /** Number of axes that the weight must have; any where it is left out. */
  readonly rank?: number;
  /** Negative ones count from the end, as in `Array.at`. */
  readonly axis: number;
  readonly role: GroupMember['role'];
  /** Whose channels: those of the input or of the output. */
  readonly of: 'inputs' | 'outputs';
  /** Indexes for each of these channels; 1 where it is left out. */
  readonly perChannel?: (layer: GraphLayer) => number | undefined;
  /** Whether there are layers of the class without the weight. */
  readonly optional?: boolean;
}

/** A call of a layer as a rule sees it: channels are listed along the last axis. */
export interface ChannelSite {
  readonly layer: GraphLayer;
  readonly inputs: readonly (readonly number[])[];
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
}

/**
 * What a layer does to channels: joins, freezes, says which weight axes they own, and returns the channels of
 * its output's last axis. `undefined`: this use of the layer is not understood, and becomes a barrier.
 */
export type ChannelRule = (site: ChannelSite, table: ChannelTable) => readonly number[] | undefined;

/** A call after channels were removed before it. */
export interface ShapeSite {
  readonly layer: GraphLayer;
  /** Shapes of the inputs now. */
  readonly inputs: readonly Shape[];
  /** Shapes of the inputs and of the output before. */
  readonly inputsBefore: readonly Shape[];
  readonly outputBefore: Shape;
}

/** What a layer has after channels were removed: its weights, and the shapes of its inputs. */
export interface ResizedSite {
  readonly weights: readonly WeightTensor[];
  readonly inputs: readonly Shape[];
}

/** Channels that only go together. */
export interface ChannelBlocks {
  readonly inputs: number;
  readonly outputs: number;
  readonly isTied: boolean;
}

/** A call in an inference plan. */
export interface OperationSite {
  readonly layer: GraphLayer;
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
}

/** An operation of a plan with the activation that follows it. */
export interface EmittedOperation {
  readonly operation: PlanOperation;
  readonly activation?: PlanActivation;
}

/** How a kernel moves over rows and columns. */
export interface KernelWindow {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/** A kernel: it mixes all inputs of a row, or filters each channel by itself. */
export interface KernelFacts {
  readonly weight: string;
  readonly how: 'mixes' | 'filters';
}

/** A weight that takes a constant for each channel, added (1) or subtracted (-1). */
export interface OffsetWeight {
  readonly weight: string;
  readonly sign: 1 | -1;
}

/** A layer in training: what it reads, with the batch first, and its weights of the moment. */
export interface TrainingSite {
  readonly layer: GraphLayer;
  readonly input: tf.Tensor;
  /** For what is drawn at random. */
  readonly seed: number;
  /** A weight by its name in the graph; `undefined` where the layer has none. */
  readonly weight: (name: string) => tf.Tensor | undefined;
  /** The activation that the layer ends with. */
  readonly activate: (x: tf.Tensor) => tf.Tensor;
}

/**
 * What a layer gives in training, by operations whose gradients are right. `undefined`: the stock layer is
 * called. Throws `TRAINING_UNSUPPORTED` for what cannot be trained.
 */
export type TrainingRule = (site: TrainingSite) => tf.Tensor | undefined;

/** The last activation of a layer. */
export interface ActivationFacts {
  /** Its name, as a config spells it. */
  of(layer: GraphLayer): unknown;
  /** The axis of a softmax as Keras counts it, with the batch; the last one where this is left out. */
  axis?(layer: GraphLayer): number;
  /** The layer without it. */
  without(layer: GraphLayer): GraphLayer;
}

/** What is wrong, to follow the layer's name, and what to do about it. */
export interface LayerProblem {
  readonly what: string;
  readonly hint: string;
}
