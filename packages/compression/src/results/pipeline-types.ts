import type { ActivationPolicy } from '@tersor/network';
import type { MeasuredLatency } from './measured-latency.js';
import type { BitPolicy } from '../policy/quantized-graph.js';
import type { EpisodeRecord } from '@tersor/rl';
import type { ChosenPrecision, CompressConfig, PrunePlan, RunIdentity, WiredPlugin } from '@tersor/core';

/** What a network costs and how good it is. */
export interface NetworkFigures {
  /** Top-1, 0..1. `validation` is held out of the training images; nothing is chosen by `test`. */
  readonly accuracy: { readonly validation: number; readonly test: number };
  readonly parameters: number;
  /** Multiply-adds of one image, as a stock runtime executes the network. */
  readonly macs: number;
  /** The same without 2-D kernel slices that are all zero. */
  readonly macsWithoutZeroSlices: number;
  /** Size of real files on disk. */
  readonly bytes: number;
  /**
   * Bit operations of one image: multiply-adds x weight bits x activation bits, 32 for floats. Only in the
   * summary of a run that rounds activations (`quantize.activations`) or limits these
   * (`quantize.budget.bops`).
   */
  readonly bops?: number;
  /**
   * Milliseconds for one image as the latency table of the pruning budget predicts them; absent without one.
   */
  readonly latency?: number;
}

/** What a search did. */
export interface SearchFigures {
  readonly agent: string;
  readonly episodes: number;
  /** Candidate networks that were really evaluated: policies that came up again were remembered. */
  readonly evaluations: number;
  /** Images that they were measured on, all together; only where candidates race (`racing`). */
  readonly images?: number;
  readonly bestReward: number;
  /**
   * Where the winner was chosen on images that the search never saw (`search.confirm`): how many of the best
   * candidates were measured there and on how many images, which episode won, and its reward there and in the
   * search.
   */
  readonly confirmed?: {
    readonly candidates: number;
    readonly images: number;
    readonly episode: number;
    readonly reward: number;
    readonly searchReward: number;
  };
  readonly seconds: number;
  /** What the environment knew of each step (see `Environment.features`), for searches in other networks. */
  readonly features?: readonly (readonly number[])[];
  /**
   * Where stage 1 went in several rounds: each of them. The figures above are then their sums, and the last
   * one's best reward.
   */
  readonly rounds?: readonly SearchFigures[];
}

/** `summary.json`. */
export interface Summary {
  readonly baseline: NetworkFigures;
  /** After stage 1 and its fine-tune, unquantized. */
  readonly pruned: NetworkFigures;
  /** After both stages: the packed file. */
  readonly compressed: NetworkFigures;
  /** Baseline divided by compressed. */
  readonly ratio: {
    readonly parameters: number;
    readonly macs: number;
    readonly bytes: number;
    readonly bops?: number;
  };
  /**
   * There where `quantize.activations` is set: `compressed.accuracy` is then that of a simulation which
   * rounds the inputs of layers as an integer runtime would, and `floatAccuracy` that of the same weights
   * with float activations, as stock tfjs and `@tersor/runtime` run them.
   */
  readonly activations?: { readonly simulated: true; readonly floatAccuracy: NetworkFigures['accuracy'] };
  /** There where a limit of stage 1 predicts milliseconds: what original and result really take. */
  readonly measuredLatency?: MeasuredLatency;
  readonly search: { readonly prune?: SearchFigures; readonly quantize?: SearchFigures };
  /**
   * The policy that was carried out where nothing was searched (`tersor apply`): its file, and its SHA-256 as
   * JSON.
   */
  readonly carriedOut?: { readonly policy: string; readonly sha256: string };
  readonly seed: number;
  readonly backend: string;
  /** Where the backend was to choose it (`precision: auto`): what it chose, and what it measured. */
  readonly precision?: ChosenPrecision;
  readonly plugins: readonly WiredPlugin[];
  readonly versions: Readonly<Record<string, string>>;
  /** Platform, processor and cores that it ran on. */
  readonly machine: string;
  readonly seconds: number;
  /**
   * The most memory that the process held at once, in bytes: its peak resident set, libraries and program
   * included, memory of a GPU not. Of a run that was resumed it is that of the last process. A process that
   * runs several compressions, one after another, has one peak. Absent in summaries of versions that did not
   * record it.
   */
  readonly peakResidentBytes?: number;
  /**
   * What a reader should not overlook: a large loss, an accuracy that guessing reaches, sizes of another
   * kind, and what was noted on the way. Absent in summaries of versions that did not record it.
   */
  readonly notices?: readonly string[];
  /**
   * What it came from, by content: two runs with the same identity and config have the same input. Absent in
   * summaries of versions that did not record it.
   */
  readonly identity?: RunIdentity;
  readonly config: CompressConfig;
}

/** `policy.json`: what the agents chose; `tersor apply` carries it out again on the original network. */
export interface Policy {
  readonly prune?: PrunePlan;
  /**
   * Instead of `prune` where stage 1 went in several rounds: the plan of each, for the network that the
   * one before leaves.
   */
  readonly pruneRounds?: readonly PrunePlan[];
  readonly quantize?: BitPolicy;
  /**
   * How an integer runtime has to round the inputs of layers: bit width and range; only where
   * `quantize.activations` is set.
   */
  readonly activations?: ActivationPolicy;
}

/**
 * Stages of a compression, in order, as progress displays name them; `-apply` instead of `-prepare` and a
 * search where a policy is given.
 */
export type PipelineStage =
  | 'baseline'
  | 'prune-prepare'
  | 'prune'
  | 'prune-apply'
  | 'prune-finish'
  | 'prune-refine'
  | 'prune-finetune'
  | 'quantize-prepare'
  | 'quantize'
  | 'quantize-apply'
  | 'quantize-calibrate'
  | 'quantize-refine'
  | 'quantize-finetune'
  | 'write';

/** Which round of stage 1 it is, counted from 1; only where there are several. */
export interface PipelineRound {
  readonly number: number;
  readonly of: number;
}

/** Progress within a stage: `done` of `total`, which a stage may count in one unit after another. */
export interface PipelineProgress {
  readonly stage: PipelineStage;
  readonly done: number;
  readonly total: number;
  /** What is counted. A search that is stopped ends with its episode, a training with its epoch. */
  readonly unit: 'episodes' | 'steps' | 'images' | 'layers';
  readonly reward?: number;
  readonly best?: number;
  /** Of the last training step, as its accuracy is. */
  readonly loss?: number;
  readonly accuracy?: number;
  /** Steps of an epoch, where steps are those of a training in epochs. */
  readonly stepsPerEpoch?: number;
}

/** About how long a compression will take, in seconds, from what measuring the original took. */
export interface RunEstimate {
  readonly search: number;
  readonly finetune: number;
  readonly all: number;
}

/** Called as a compression goes on. */
export interface PipelineEvents {
  /** Once, when the original is measured and something long follows. */
  onEstimate?(estimate: RunEstimate): void;
  onStage?(stage: PipelineStage, round?: PipelineRound): void;
  /** Something that the user should know, but that stops nothing. */
  onNotice?(text: string): void;
  onProgress?(progress: PipelineProgress): void;
  /** After every episode of a search. */
  onEpisode?(stage: 'prune' | 'quantize', record: EpisodeRecord): void;
}
