import type { Environment } from './environment.js';
import type { LayerGraph } from './layer-graph.js';
import type { ChannelGroup, Pruner } from './pruner.js';
import type { Quantizer } from './quantizer.js';
import type { EpisodeMeasures, Reward } from './reward.js';

/** What every environment of the pipeline works on. */
interface CompressionTask {
  /** The clean network: never changed; every episode starts from it. */
  readonly graph: LayerGraph;
  readonly reward: Reward;
  readonly baseline: EpisodeMeasures['baseline'];
  /** Accuracy of a candidate network on the search's validation images, 0..1. */
  evaluate(graph: LayerGraph): Promise<number>;
}

/** Stage 1: one step per prunable channel group. */
export interface PruneTask extends CompressionTask {
  readonly stage: 'prune';
  /** Groups that may be pruned, in the order they are visited; excluded layers are already left out. */
  readonly groups: readonly ChannelGroup[];
  /** Prepared pruners; one action dimension each. */
  readonly pruners: readonly Pruner[];
  /** Hard limits in absolute units, kernel slices that are zero not counted; at least one is set. */
  readonly budget: { readonly macs?: number; readonly parameters?: number };
  /** Smallest preserve ratio of a group, in (0, 1]. */
  readonly minimum: number;
  /** Channel counts are rounded to a multiple of this; 1 rounds to whole channels. */
  readonly round: number;
}

/** Stage 2: one step per weight array that is quantized. */
export interface QuantizeTask extends CompressionTask {
  readonly stage: 'quantize';
  /** Layers whose kernels get a bit width, in the order they are visited. */
  readonly layers: readonly string[];
  readonly quantizer: Quantizer;
  /** Hard limit in bytes of the packed file. */
  readonly budget: { readonly bytes: number };
  /** Bit widths, both inclusive. */
  readonly bits: readonly [minimum: number, maximum: number];
  /** Whether the action space is discrete (one index per bit width) or a box of 0..1. */
  readonly discrete: boolean;
}

export type EnvironmentTask = PruneTask | QuantizeTask;

/** Makes an environment for a task. */
export type EnvironmentFactory = (task: EnvironmentTask) => Promise<Environment>;
