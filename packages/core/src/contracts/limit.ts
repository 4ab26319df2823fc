import type { LatencyTable } from './latency-table.js';
import type { GraphLayer, LayerGraph } from './layer-graph.js';
import type { ChannelGroup } from './pruner.js';

/** What a limit is made for. */
export interface LimitContext {
  /** Its key in the budget of the config: what it is called in messages and measures. */
  readonly name: string;
  /** The network that shares are of. */
  readonly original: LayerGraph;
  /** Bytes of the original's files, as they are stored. */
  readonly originalBytes: number;
  /** Id of the backend that measures candidates. */
  readonly backend: string;
}

/** What limits of both stages have. */
export interface Limit {
  /** See `LimitContext.name`. */
  readonly name: string;
  /** The most that may be used, in the limit's own unit; above 0. */
  readonly limit: number;
  /** A figure with its unit, rounded by `round` to as many digits as help: `12.5 ms`. */
  format(value: number, round: (value: number) => number): string;
  /** Begins a sentence that ends with a figure; `the network still has` when absent. */
  readonly reached?: string;
}

/** What is decided for all groups. */
export interface PruneChoices {
  /** Channels that each group keeps. */
  readonly keep: readonly number[];
  /** Share of the 2-D kernel slices that stays in the kernels that produce each group; 1 as a rule. */
  readonly slices: readonly number[];
  /** Layers that go as a whole; undefined where no pruner removes any. */
  readonly removed: ReadonlySet<string> | undefined;
}

/** A limit of stage 1. */
export interface PruneLimit extends Limit {
  /**
   * Optional: the table that milliseconds are predicted by. At its end a run then measures the original and
   * the result as the table was measured.
   */
  readonly table?: LatencyTable;
  /** What a network that was made uses. */
  of(network: LayerGraph): number;
  /**
   * Prepares what the wall asks in the inner loop of a search, without touching a weight: how much the
   * network that choices make of `graph` uses at most. Never less than `of` that network, and never less for
   * more channels.
   */
  promise(graph: LayerGraph, groups: readonly ChannelGroup[]): (choices: PruneChoices) => number;
}

/** Bits of a layer's kernels and of its inputs; 32 for floats. */
export interface LayerBits {
  readonly weights: number;
  readonly activations: number;
}

/** What a limit of stage 2 may ask of the network that gets bits. Layers are told by their place. */
export interface BitNetwork {
  readonly graph: LayerGraph;
  readonly layers: readonly GraphLayer[];
  /** The fewest bits of each layer. */
  readonly smallest: LayerBits;
  /** Bytes of a layer's codes in the packed file. */
  bytes(layer: number, weightBits: number): number;
  /** Bytes of the packed file at these bits. */
  fileBytes(bits: readonly LayerBits[]): number;
}

/** A limit of stage 2: a sum over the layers. */
export interface QuantizeLimit extends Limit {
  /** Prepares the sum: what is used whatever is chosen, and what each layer adds. */
  prepare(network: BitNetwork): {
    readonly fixed: number;
    part(layer: number, bits: LayerBits): number;
  };
  /**
   * What the named layers of a network use at so many bits, before it can be trained or encoded: `certain` is
   * below every outcome, `about` an estimate. For a check before stage 1; without it there is none.
   */
  estimate?(
    graph: LayerGraph,
    layers: ReadonlySet<string>,
    bits: LayerBits,
  ): { readonly certain: number; readonly about: number };
  /** How the config gave it, for messages: `0.5 of the 4000 bytes ...`. */
  readonly given?: string;
}

/** A kind of limit that a budget can set, with its options; for one stage or both. */
export interface LimitFactory {
  readonly id: string;
  /** Makes the limit of stage 1. */
  prune?(context: LimitContext): PruneLimit | Promise<PruneLimit>;
  /** Makes the limit of stage 2. */
  quantize?(context: LimitContext): QuantizeLimit | Promise<QuantizeLimit>;
}
