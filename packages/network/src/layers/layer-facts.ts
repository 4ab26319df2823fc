import type * as tf from '@tensorflow/tfjs-core';
import type { GraphLayer, GroupMember, LayerCall, WeightTensor } from '@tersor/core';
import type { ChannelTable } from '../groups/channel-table.js';
import type { PlanActivation, PlanOperation } from '../inference/plan-step.js';

type Config = GraphLayer['config'];
type Shape = LayerCall['outputShape'];

/**
 * Everything that Tersor knows about one Keras layer class. Channel groups, surgery, cost, inference plans,
 * latency and the pruners read these records and nothing else, so a new class is one record, in
 * `KERAS_LAYERS` or passed to `registerLayerFacts`. Fields that are left out are unknown, and the default is
 * safe: stock TensorFlow.js runs the layer, and its channels stay. Shapes are those of one sample with
 * channels last, unless stated otherwise.
 */
export interface LayerFacts {
  /** Keras class name, for instance `Conv2D`. */
  readonly className: string;
  /** How channels pass. Without it, the layer is a barrier: its input and output channels are not pruned. */
  readonly channels?: {
    /** A short description for the table in the docs. */
    readonly how: string;
    readonly rule: ChannelRule;
  };
  /** The axes of its weights whose indexes are channels, in the order of the weights. */
  readonly weights?: readonly WeightAxis[];
  /** Output channels per input channel, for a layer that filters each channel by itself. */
  readonly outputsPerInput?: (layer: GraphLayer) => number | undefined;
  /**
   * Output channels after surgery, for a layer whose weights do not determine them. By default those of the
   * first input.
   */
  readonly outputChannels?: (site: ShapeSite) => number | undefined;
  /** Its config for another number of output channels; `outputShape` and `site` are the new ones. */
  readonly resized?: (config: Config, outputShape: Shape, site: ResizedSite) => Config;
  /**
   * Sizes of the blocks in which channels can be removed, for a layer that has them in blocks.
   */
  readonly blocks?: (layer: GraphLayer) => ChannelBlocks | undefined;
  /** Whether its output has the channels of all inputs, one after the other. */
  readonly concatenates?: boolean;
  /** Whether it is the sum of its inputs. */
  readonly adds?: boolean;
  /** Whether it is a matrix product of the channels of each position, and agents are told so. */
  readonly multipliesMatrix?: boolean;
  /**
   * Whether each value of its kernels is multiplied once per position of the output or of the input. Without
   * it, no multiply-adds are counted.
   */
  readonly positions?: 'input' | 'output';
  /**
   * Its operations at inference, in order; empty if it passes its input on. `undefined` (or no such function)
   * means that the stock layer runs it, as it always does for channels first.
   */
  readonly operations?: (site: OperationSite) => readonly EmittedOperation[] | undefined;
  /**
   * Whether its time is part of that of the layer before it, because backends fuse it or it costs nothing:
   * always, or only after a layer with one input. By default it is timed by itself.
   */
  readonly rides?: 'always' | 'after one input';
  /** How its 2-D kernel moves over the input; `undefined` for unsupported options. */
  readonly window?: (layer: GraphLayer) => KernelWindow | undefined;
  /**
   * The weight that can be refitted by least squares to the moments of its input: the layer is a matrix
   * product of input patches (of its window, if it has one) with this weight, whose last axis is the outputs.
   */
  readonly refit?: string;
  /**
   * Number of equal groups of channels: each group of outputs reads one group of inputs with its own part of
   * the kernel. Default 1.
   */
  readonly groups?: (layer: GraphLayer) => number;
  /**
   * The kernels that a row of its input (kernel position x channel) is multiplied with, in order; absent if
   * it does not read such rows.
   */
  readonly kernels?: readonly KernelFacts[];
  /**
   * Whether noise can be added to the 2-D slices of its `kernel`: it is a convolution with its window, or a
   * matrix product if it has none.
   */
  readonly noise?: boolean;
  /** The weight to add a constant to its output with, before its activation. */
  readonly outputOffset?: OffsetWeight;
  /** The weight to add a constant to its input with; `undefined` if it is not by channel. */
  readonly inputOffset?: (layer: GraphLayer, inputShape: Shape) => OffsetWeight | undefined;
  /** Whether `moving_mean` and `moving_variance` are statistics of its input, by its axis. */
  readonly statistics?: boolean;
  /** The activation of its output. */
  readonly activation?: ActivationFacts;
  /**
   * Whether it passes probabilities on in their order ("kept"), or averages, selects or moves them ("mixed").
   */
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
  /** For a wrapper: the layer that it applies to parts of its input, and the wrapper with another layer. */
  readonly wrapped?: {
    of(layer: GraphLayer): GraphLayer | undefined;
    with(layer: GraphLayer, inner: GraphLayer): GraphLayer;
  };
  /** A way in which TensorFlow.js does not compute what its config says; `undefined` if there is none. */
  readonly problem?: (layer: GraphLayer, inputShapes: readonly Shape[]) => LayerProblem | undefined;
  /** Its config, completed with what `getConfig` of TensorFlow.js leaves out. */
  readonly restoredConfig?: (
    config: Record<string, unknown>,
    weights: readonly WeightTensor[],
  ) => Record<string, unknown>;
}

/**
 * An axis of a weight. It `consumes` the channels of the input (mixes them), `produces` those of the output,
 * or `carries` channels through one by one.
 */
export interface WeightAxis {
  readonly weight: string;
  /** Number of axes that the weight must have; any by default. */
  readonly rank?: number;
  /** Index of the axis; negative ones count from the end. */
  readonly axis: number;
  readonly role: GroupMember['role'];
  /** Whether its channels are those of the input or of the output. */
  readonly of: 'inputs' | 'outputs';
  /** Indexes per channel; default 1. */
  readonly perChannel?: (layer: GraphLayer) => number | undefined;
  /** Whether a layer of the class may lack the weight. */
  readonly optional?: boolean;
}

/** A call of a layer as channel rules see it; `inputs` lists the channels along the last axis. */
export interface ChannelSite {
  readonly layer: GraphLayer;
  readonly inputs: readonly (readonly number[])[];
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
}

/**
 * What a layer does to channels: it joins or freezes them, records which weight axes they own, and returns
 * the channels of its output's last axis. `undefined` means that this use of the layer is not understood, and
 * makes it a barrier.
 */
export type ChannelRule = (site: ChannelSite, table: ChannelTable) => readonly number[] | undefined;

/** A call whose inputs may have lost channels. */
export interface ShapeSite {
  readonly layer: GraphLayer;
  /** Shapes of the inputs after the removal. */
  readonly inputs: readonly Shape[];
  /** Shapes of the inputs and of the output before the removal. */
  readonly inputsBefore: readonly Shape[];
  readonly outputBefore: Shape;
}

/** A layer after channels were removed: its weights, and the shapes of its inputs. */
export interface ResizedSite {
  readonly weights: readonly WeightTensor[];
  readonly inputs: readonly Shape[];
}

/** Sizes of blocks of channels. If tied, input and output channels determine each other. */
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

/** A kernel, which either mixes all inputs of a row or filters each channel by itself. */
export interface KernelFacts {
  readonly weight: string;
  readonly how: 'mixes' | 'filters';
}

/** A weight to add a constant per channel with; its values are added (1) or subtracted (-1). */
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

/** The activation at the end of a layer. */
export interface ActivationFacts {
  /** Its name in configs. */
  of(layer: GraphLayer): unknown;
  /** The axis of a softmax, counted with the batch like in Keras; by default the last one. */
  axis?(layer: GraphLayer): number;
  /** The layer without its activation. */
  without(layer: GraphLayer): GraphLayer;
}

/** The problem, as text that follows the layer's name, and what to do about it. */
export interface LayerProblem {
  readonly what: string;
  readonly hint: string;
}
