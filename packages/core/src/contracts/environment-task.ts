import type { Environment } from './environment.js';
import type { LayerGraph } from './layer-graph.js';
import type { PruneLimit, QuantizeLimit } from './limit.js';
import type { ChannelGroup, Pruner } from './pruner.js';
import type { BitErrors, Quantizer } from './quantizer.js';
import type { EpisodeMeasures, Reward } from './reward.js';

/** What a search may know of a candidate that it measures. */
export interface Candidate {
  /** The policy that made it, as in `StepInfo.policy`: candidates of the same policy are the same. */
  readonly policy: unknown;
  /**
   * What the episode's rewards would sum up to if the candidate had this accuracy, and this divergence where
   * the reward needs one; never less for a higher accuracy.
   */
  rewardAt(accuracy: number, divergence?: number): number;
}

/** What a search measured of a candidate. */
export interface Evaluation {
  /** Top-1 on the search's validation images, 0..1. */
  readonly accuracy: number;
  /**
   * Mean Kullback-Leibler divergence of its outputs from the original network's on the same images, in nats;
   * only where the reward needs it (`Reward.needs`).
   */
  readonly divergence?: number;
}

/** What every environment of the pipeline works on. */
interface CompressionTask {
  /** The clean network: never changed; every episode starts from it. */
  readonly graph: LayerGraph;
  readonly reward: Reward;
  readonly baseline: EpisodeMeasures['baseline'];
  /**
   * Measures a candidate network on the search's validation images. With `candidate` given, a search may
   * measure it on a part of them: one that races (`racing` in the config), if its reward stays below the best
   * so far, and one that draws images for each candidate (`search.subset`), the same for the same policy;
   * without, it is measured on all of them. All that is given back belongs in what the reward is told.
   */
  evaluate(graph: LayerGraph, candidate?: Candidate): Promise<Evaluation>;
}

/** Stage 1: one step per prunable channel group. */
export interface PruneTask extends CompressionTask {
  readonly stage: 'prune';
  /** Groups that may be pruned, in the order they are visited; excluded layers are already left out. */
  readonly groups: readonly ChannelGroup[];
  /** Prepared pruners; one action dimension each. */
  readonly pruners: readonly Pruner[];
  /** The budget: every candidate has to keep all of them. At least one. */
  readonly limits: readonly PruneLimit[];
  /** Smallest preserve ratio of a group, in (0, 1]. */
  readonly minimum: number;
  /** Channel counts are rounded to a multiple of this; 1 rounds to whole channels. */
  readonly multiple: number;
}

/** Interval that the values of an activation are rounded within; holds 0. */
export interface ActivationRange {
  readonly least: number;
  readonly most: number;
}

/** Calibrated range of each layer's input: by layer, then by bits. */
export type ActivationRanges = Readonly<Record<string, Readonly<Record<number, ActivationRange>>>>;

/** Stage 2: one step per weight array that is quantized. */
export interface QuantizeTask extends CompressionTask {
  readonly stage: 'quantize';
  /** Layers whose kernels get bits, in the order they are visited. */
  readonly layers: readonly string[];
  readonly quantizer: Quantizer;
  /**
   * What layers lose at their bits, where more is known than the errors of their weights: with calibration
   * images, those of their outputs. The first question may take evaluations (`weights: probed`).
   */
  readonly errors?: BitErrors;
  /** The budget: every candidate has to keep all of them. At least one. */
  readonly limits: readonly QuantizeLimit[];
  /** Fewest and most bits of a layer's weights, both inclusive. */
  readonly bits: readonly [minimum: number, maximum: number];
  /**
   * Set when the inputs of the layers are rounded too. A range of bits (both inclusive, 2 to 8) asks for a
   * second choice per layer; equal ends do not. The policy of an episode is then `{ weights: bits by layer,
   * activations: { bits, least, most } by layer }` instead of the bits by layer alone.
   */
  readonly activations?: {
    readonly bits: readonly [minimum: number, maximum: number];
    readonly ranges: ActivationRanges;
    /** Layers that join others, whose inputs are rounded with the most bits; `ranges` has theirs, too. */
    readonly sums?: readonly string[];
  };
  /** Whether the action space is discrete (one index per number of bits) or a box of 0..1. */
  readonly discrete: boolean;
}

export type EnvironmentTask = PruneTask | QuantizeTask;

/** Makes an environment for a task. */
export type EnvironmentFactory = (task: EnvironmentTask) => Promise<Environment>;
