import type {
  Backend,
  ChosenPrecision,
  CompressConfig,
  Dataset,
  EnvironmentTask,
  Host,
  LayerGraph,
  PruneConfig,
  PruneLimit,
  QuantizeConfig,
  WiredPlugin,
  RunIdentity,
  QuantizeLimit,
} from '@tersor/core';
import type { GivenPolicy } from '../policy/given-policy.js';
import type { NetworkFigures, PipelineEvents } from '../results/pipeline-types.js';
import type { StageMemory } from '../search/memory.js';
import type { SearchEvaluators } from '../search/search-images.js';

/** Everything that the two stages share. */
export interface PipelineContext {
  readonly config: CompressConfig;
  /** What the results come from, besides the config. */
  readonly identity: RunIdentity;
  readonly host: Host;
  /** Where the config's paths and plugins are looked up. */
  readonly places: { readonly directory: string; readonly searchFrom: readonly string[] };
  /** The plugins of the host, and the format of the model where it is a plugin. */
  readonly wired: readonly WiredPlugin[];
  readonly dataset: Dataset;
  readonly trainBackend: Backend;
  readonly evaluateBackend: Backend;
  /** What `evaluateBackend` was to choose, and has. */
  readonly precision?: ChosenPrecision | undefined;
  /** A policy to carry out instead of a search. */
  readonly given?: GivenPolicy;
  /** Episodes of earlier runs, from which the agents learn before their first. */
  readonly memory?: { readonly prune: StageMemory; readonly quantize: StageMemory };
  /** The original network. */
  readonly original: LayerGraph;
  readonly baseline: NetworkFigures;
  /** Images that the written files are compared with the evaluated networks on. */
  readonly witnessImages: Float32Array;
  /** The limits of stage 1, those of each round; none without a stage 1. */
  readonly pruneLimits: readonly (readonly PruneLimit[])[];
  readonly quantizeLimits: readonly QuantizeLimit[];
  readonly events: PipelineEvents;
  /** What was noted so far, for the summary. */
  readonly notices: readonly string[];
  readonly shouldStop?: () => boolean;
  /**
   * Writes a checkpoint: at once without an argument; with one, which puts the progress into the run's state,
   * only when the last checkpoint is old enough or a stop was asked for.
   */
  saveProgress(update?: () => void): Promise<void>;
  /** In a worker of a search: takes a stage's environment over instead of the search; never gives. */
  serve?(
    config: PruneConfig | QuantizeConfig,
    makeTask: (evaluate: EnvironmentTask['evaluate']) => EnvironmentTask,
  ): Promise<never>;
  /** Evaluators on the validation images of a stage's search, which measure what its reward needs. */
  searchEvaluators(
    stage: 'prune' | 'quantize',
    config: PruneConfig | QuantizeConfig,
  ): Promise<SearchEvaluators>;
  /** Accuracy of a network on all validation images, 0..1. */
  validationAccuracy(graph: LayerGraph): Promise<number>;
}
