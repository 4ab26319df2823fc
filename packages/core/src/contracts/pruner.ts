import type { Backend } from './backend.js';
import type { LayerGraph } from './layer-graph.js';
import type { Dataset } from './dataset.js';
import type { BudgetQuestion, Heuristic, Heuristics } from './question.js';

/** One axis of a weight array along which a group's channels are cut. */
export interface GroupMember {
  /** Name of the layer. */
  readonly layer: string;
  /** Name of the weight within the layer, for instance `kernel`. */
  readonly weight: string;
  /** Axis of the weight that is cut. */
  readonly axis: number;
  /**
   * `produces`: the layer makes the channels; `consumes`: it reads them; `carries`: it has one value (or
   * filter) per channel (bias, batch norm, depthwise).
   */
  readonly role: 'produces' | 'consumes' | 'carries';
  /**
   * For each channel of the group the indexes along `axis` that belong to it, as many for every channel: one
   * as a rule; one per position after a flatten; shifted by an offset after a concatenation.
   */
  readonly indexes: readonly (readonly number[])[];
}

/**
 * Channels that can only be removed together: every member loses the same ones.
 *
 * Take three layers: `conv1` makes 4 channels, a batch norm scales each, `conv2` reads them:
 *
 *     conv1/kernel [3, 3, 3, 4] -> bn/gamma [4] -> conv2/kernel [3, 3, 4, 8]
 *                            ^             ^                          ^
 *
 * Channel 2 of conv1 is index 2 of axis 3 of conv1's kernel, of its bias, and of the batch norm's four
 * weights, and index 2 of axis 2 of conv2's kernel. None of these can go alone: the shapes would not fit.
 * Together they can: they are the members of the group `conv1`, whose `indexes[2]` is `[2]` for each. What
 * conv2 makes is free to choose, so it is another group.
 *
 * Had conv2's output been added to conv1's (a residual), the two would have to keep the same channels: one
 * group with two producers. Had a flatten of 2 x 2 positions and a dense layer come after bn, channel 2
 * would own rows 2, 6, 10 and 14 of the dense kernel.
 */
export interface ChannelGroup {
  /**
   * Stable name: that of the first layer that produces the channels, with `#2`, `#3`, ... for further groups
   * of that layer.
   */
  readonly name: string;
  readonly channels: number;
  readonly members: readonly GroupMember[];
}

/** What a pruner may look at before the search starts. */
export interface PruneContext {
  readonly graph: LayerGraph;
  readonly groups: readonly ChannelGroup[];
  readonly dataset: Dataset;
  /**
   * The backend that candidates are measured on: whatever a pruner computes of the network, in `prepare` or
   * later, runs on it. It may have no kernels of tfjs; one that does activates them with `activate()`.
   */
  readonly backend: Backend;
  readonly seed: number;
  /** For a preparation that takes long. Absent outside of a run that keeps checkpoints. */
  readonly progress?: PrepareProgress;
}

/** Lets a preparation be interrupted and go on later with the same result. */
export interface PrepareProgress {
  /** What an interrupted preparation saved last; undefined when it begins. */
  readonly saved?: unknown;
  /**
   * Keeps a state, whole: plain data and typed arrays that are not changed afterwards. Throws `INTERRUPTED`
   * when a stop was asked for.
   */
  save(state: unknown): Promise<void>;
  /** Says how far it is, for displays. */
  report?(done: number, total: number): void;
}

/** What happens to one group; plain JSON. A plan is a list of these and can be replayed on clean weights. */
export interface PruneStep {
  /** Id of the pruner that carries it out. */
  readonly pruner: string;
  /** Name of the channel group. */
  readonly group: string;
  /** Channels that stay, ascending. Absent when no channel goes. */
  readonly keep?: readonly number[];
  /**
   * 2-D kernel slices that are zeroed: for a weight of layer `layer`, flat indexes `c_in * c_out_total +
   * c_out`.
   */
  readonly zeroSlices?: readonly { readonly layer: string; readonly slices: readonly number[] }[];
  /**
   * Layers that go as a whole, by name. Each hands on what it reads, so what it made has to have that shape;
   * a layer of several inputs (the sum of a residual block) goes only where the removal leaves them all the
   * same. Absent when no layer goes.
   */
  readonly removeLayers?: readonly string[];
}

export type PrunePlan = readonly PruneStep[];

/**
 * How many channels should each group keep? Answered by one count a group. A count is allowed when it is at
 * least `smallest`, and a multiple of `multiple` or all channels of the group.
 */
export interface AllocationQuestion extends BudgetQuestion {
  /** Those that the search visits, in the order of the answer. */
  readonly groups: readonly ChannelGroup[];
  /** Fewest channels that each group keeps. */
  readonly smallest: readonly number[];
  readonly multiple: number;
  /** The allowed count of a group (by its place in `groups`) that is nearest to a number of channels. */
  nearest(group: number, channels: number): number;
}

/**
 * Which share of its kernel slices should each group keep, of those whose channels stay? Answered by one
 * share per group, from `smallest` to 1.
 */
export interface SharesQuestion extends BudgetQuestion {
  /** Those that the search visits, in the order of the answer. */
  readonly groups: readonly ChannelGroup[];
  /** Smallest share that a group keeps. */
  readonly smallest: number;
  /** What pruners of channels do to the groups; empty where there are none. */
  readonly channels: PrunePlan;
}

/** How a pruner of slices takes part in heuristics. */
export interface SliceHeuristic {
  /** What configs call it where no pruner of channels takes part. */
  readonly name: string;
  /**
   * Beside a pruner of channels: heuristics of that one are asked as if every group kept this share of its
   * slices; what the budget then leaves is for `spread`.
   */
  readonly share: number;
  /** Spreads a budget over the slices, where the channels of each group are given. */
  readonly spread: Heuristic<SharesQuestion>;
}

/**
 * What a group keeps. What is left out stays whole; a pruner carries out the part that its `action` names.
 */
export interface GroupChoice {
  /** Channels that stay, from 1 to all. */
  readonly channels?: number;
  /**
   * Share of the 2-D kernel slices that stays in the kernels that produce the group, 0 to 1; of those slices
   * whose channels stay.
   */
  readonly slices?: number;
  /** Whether the block that the group lies in stays. */
  readonly block?: boolean;
}

/** Decides which channels, kernel slices or blocks go, and refits the rest. */
export interface Pruner {
  readonly id: string;
  /**
   * What its action means: the share of `channels`, or of kernel `slices`, that a group keeps; or, with
   * `blocks`, whether the block that a group lies in stays. What `plan` says of each is what the budget's
   * wall counts: `keep`, `zeroSlices`, `removeLayers`.
   */
  readonly action: 'channels' | 'slices' | 'blocks';
  /** Gathers statistics on the given model once per search; the network is not changed. */
  prepare(context: PruneContext): Promise<void>;
  /**
   * Turns what a group keeps into a step. A block that goes names its layers in `removeLayers`; none where
   * the group lies in no block that can go. To keep all is the identity.
   * @param channels what pruners of channels do to all groups, for a pruner of slices: those of channels that
   *   go are neither counted nor named
   */
  plan(group: ChannelGroup, choice: GroupChoice, channels?: PrunePlan): PruneStep;
  /**
   * Carries the steps of this pruner out on the clean graph: a new graph, smaller (channels, blocks) or with
   * zeros (slices). Of several pruners those of slices come first, then channels, then blocks. Throws
   * `PLAN_MISMATCH`.
   */
  apply(graph: LayerGraph, plan: PrunePlan): LayerGraph;
  /**
   * Adapts to the images what a plan has left: called with the result of all pruners' `apply` and the whole
   * plan, for every candidate of a search and for the final network. What it runs goes to the backend that
   * `prepare` was given. A network of the same shapes; the given one is not changed. The same result every
   * time; where nothing was removed, the identity.
   */
  adapt?(graph: LayerGraph, plan: PrunePlan): Promise<LayerGraph>;
  /**
   * What takes too long for every candidate: called once, with the adapted network of the plan that a search
   * has chosen (or that was given), before its refinement and its fine-tune. The promises of `adapt` hold.
   */
  finish?(graph: LayerGraph, plan: PrunePlan): Promise<LayerGraph>;
  /**
   * Ways to spread a budget over the groups that this pruner knows, by the name that a config calls them
   * (`search.warmStart`, the agent `heuristic`). The environment offers them beside its own `uniform` and
   * `magnitude`, whose names are taken, wherever a pruner of `channels` takes part.
   */
  readonly heuristics?: Heuristics<AllocationQuestion>;
  /** For a pruner of `slices`, which heuristics otherwise leave whole. */
  readonly sliceHeuristic?: SliceHeuristic;
  /**
   * What the network loses with the channels of each group: by group, its error after so many channels went,
   * `channels + 1` values that begin with 0 and never fall, comparable between the groups. Agents observe
   * them (environment `residual`). Asked after `prepare`; absent where a pruner knows none.
   */
  removalErrors?(groups: readonly ChannelGroup[]): Promise<readonly Float64Array[]>;
  dispose?(): void;
}
