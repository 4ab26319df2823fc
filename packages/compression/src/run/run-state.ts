import type { ActivationRanges, ChosenPrecision, LayerGraph } from '@tersor/core';
import type { EpisodeRecord, SearchState } from '@tersor/rl';
import type { CalibratedNetwork } from '../calibration/calibrate-winner.js';
import type { SearchFigures } from '../results/pipeline-types.js';
import type { EncodedWeights } from '../policy/quantized-graph.js';
import type { OptimizerState } from '../refine/optimize.js';
import type { RacingState } from '../search/racing.js';
import type { TrainState } from '../training/train.js';

/** The best policy of a search, and what it took; or one that was given. */
export interface FoundPolicy {
  readonly policy: unknown;
  /** Absent where nothing was searched. */
  readonly figures?: SearchFigures;
  readonly episodes: readonly EpisodeRecord[];
}

/** How far a stage has come; each field replaces the one before it. */
export interface StageState {
  /**
   * In the later rounds of stage 1: what the rounds before found, and the network that they left. The other
   * fields are the current round's.
   */
  rounds?: { readonly found: readonly FoundPolicy[]; readonly graph: LayerGraph };
  /** While pruners prepare, and until the stage is done: what each saved, by its place in the config. */
  prepared?: Readonly<Record<number, unknown>>;
  /** Where stage 2 rounds activations: their ranges, once they are calibrated. */
  activations?: ActivationRanges;
  /** While the search runs. */
  search?: {
    readonly state: SearchState;
    readonly episodes: readonly EpisodeRecord[];
    readonly evaluations: number;
    readonly seconds: number;
    readonly race?: RacingState;
  };
  /** When it is done. */
  found?: FoundPolicy;
  /**
   * Where stage 2 is calibrated or refined: its network before the fine-tune, with decoded kernels, and their
   * codes.
   */
  calibrated?: CalibratedNetwork;
  /** While the winner is refined. */
  refine?: { readonly optimizer: OptimizerState; readonly encoded?: EncodedWeights };
  /**
   * When it is, and until the stage is done: the network that the refinement left (its codes: calibrated).
   */
  refined?: LayerGraph;
  /** While the fine-tune runs. */
  finetune?: { readonly state: TrainState; readonly encoded?: EncodedWeights };
  /** When the stage is done: its network, before encoding. */
  graph?: LayerGraph;
  /** When stage 2 is done: the encoded kernels. */
  encoded?: EncodedWeights;
}

/** How far a run has come: what a checkpoint holds. */
export interface RunState {
  readonly prune: StageState;
  readonly quantize: StageState;
  /** Where the backend was to choose. */
  precision?: ChosenPrecision;
}
