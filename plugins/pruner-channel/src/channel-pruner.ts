import { createOutputLoss, removeAll, withoutFrozen, type Removal } from '@tersor/network';
import {
  TersorError,
  createRandom,
  type AllocationQuestion,
  type Backend,
  type ChannelGroup,
  type Dataset,
  type GroupChoice,
  type Heuristics,
  type LayerGraph,
  type PruneContext,
  type PrunePlan,
  type Pruner,
  type PruneStep,
} from '@tersor/core';
import { allocate } from './allocation/allocate.js';
import { probedErrors } from './allocation/probed-errors.js';
import { CRITERIA, type CriterionName } from './criteria.js';
import { lostInputs, lostOutputs } from './lost-channels.js';
import { removalOrders } from './optimal-brain-surgeon/removal-orders.js';
import { gatherMoments, lastImages, type Gathered } from './reconstruction/gather-moments.js';
import { createKnownRefits } from './reconstruction/known-refits.js';
import { reconstruct } from './reconstruction/reconstruct.js';
import { reestimateBatchNorms } from './reconstruction/reestimate-batch-norms.js';
import { refitInOrder, type InOrderOptions } from './sequential/refit-in-order.js';

/** Settings of the channel pruner; the plugin's schema has the defaults. */
export interface ChannelPrunerOptions {
  readonly criterion: CriterionName;
  readonly reconstruct: 'none' | 'least-squares';
  /** Training images that statistics are gathered from. */
  readonly images: number;
  /** Positions per image and layer for the reconstruction. */
  readonly points: number;
  /** Layers with more inputs than this are refit channel by channel. */
  readonly maximumInputs: number;
  /** Ridge of the refit, as a share of the mean square of the inputs; or as the images say. */
  readonly ridge: number | 'shrinkage' | 'held-out';
  /**
   * Training images that the statistics of batch norms after removed channels are re-estimated from; 0
   * leaves them as they are.
   */
  readonly batchNormImages: number;
  /** How the errors of the groups are weighed: all alike, or by probes of the network's outputs. */
  readonly weights: 'equal' | 'probed';
  /** Training images that the probes look at. */
  readonly probeImages: number;
  /** Refits the winner from the front to the back: see `refitInOrder`. Left out, it is not. */
  readonly sequential?: Omit<InOrderOptions, 'maximumInputs'> | undefined;
}

/** Images that stay in memory for the re-estimation, and what they run on. */
interface Calibration {
  readonly images: Float32Array;
  readonly backend: Backend;
}

/** The winner alone is refit in order, and its layers have lost inputs: they may have more of them. */
const SEQUENTIAL_INPUTS = 2;

/** Images per gradient of the Taylor criterion. */
const GRADIENT_BATCH = 25;

/**
 * Removes whole channels: those with the lowest importance by a criterion, and refits the layers that read
 * them so that the channels that stay stand in for the lost ones (AMC's channel pruning: He et al., ECCV
 * 2018, section 3.3; the refit of He et al., ICCV 2017). Then, where asked for, the batch norms after them
 * get the statistics of the smaller network (EagleEye: Li et al., ECCV 2020).
 */
export class ChannelPruner implements Pruner {
  readonly id = 'channel';
  readonly action = 'channels';
  /** Channels of each group, the most important first. */
  private readonly ranking = new Map<string, readonly number[]>();
  private groups = new Map<string, ChannelGroup>();
  private context: PruneContext | undefined;
  private gathered: ReadonlyMap<string, Gathered> = new Map();
  private knownRefits = createKnownRefits([]);
  private calibration: Calibration | undefined;
  /** Errors by group, as the probes weigh them. */
  private readonly probed = new Map<string, Float64Array>();
  /** How many channels each group keeps, by what its readers lose; not without the refit. */
  readonly heuristics: Heuristics<AllocationQuestion>;
  /** What its readers lose, or with probes the outputs of the network. */
  readonly removalErrors?: (groups: readonly ChannelGroup[]) => Promise<readonly Float64Array[]>;
  /** Refits the layers of the winner, each by what those before it have lost. */
  readonly finish?: (graph: LayerGraph, plan: PrunePlan) => Promise<LayerGraph>;

  constructor(private readonly options: ChannelPrunerOptions) {
    const isRefit = options.reconstruct !== 'none';
    this.heuristics = isRefit ? { reconstruction: (question) => this.allocation(question) } : {};
    if (isRefit) this.removalErrors = (groups) => this.errorsOf(groups);
    const { sequential } = options;
    if (sequential) this.finish = (graph, plan) => this.refitWinner(graph, plan, sequential);
  }

  async prepare(context: PruneContext): Promise<void> {
    const { graph, groups, dataset, backend, seed, progress } = context;
    const { criterion, images, points, maximumInputs, ridge, batchNormImages } = this.options;
    const apart = this.options.weights === 'probed' ? this.probeCount(dataset) : 0;
    this.context = context;
    this.knownRefits = createKnownRefits(graph.layers);
    this.groups = new Map(groups.map((group) => [group.name, group]));
    this.ranking.clear();
    this.probed.clear();
    if (criterion !== 'reconstruction') {
      const gradients =
        criterion === 'taylor'
          ? await calibrationGradients(graph, { dataset, backend, seed }, images)
          : undefined;
      for (const group of groups) {
        const scores = CRITERIA[criterion](group, { graph, seed, ...(gradients && { gradients }) });
        // Of equal channels the first ones stay, so that the ranking does not depend on the sort.
        this.ranking.set(
          group.name,
          Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b),
        );
      }
    }
    this.calibration =
      batchNormImages > 0
        ? { images: await readCalibration({ dataset, seed }, batchNormImages), backend }
        : undefined;
    if (this.options.reconstruct === 'none') return;
    const readers = new Set(
      groups.flatMap(({ members }) =>
        members.filter(({ role }) => role === 'consumes').map(({ layer }) => layer),
      ),
    );
    this.gathered = await gatherMoments(graph, dataset, readers, {
      images: Math.max(1, Math.min(images, dataset.size('train') - apart)),
      points,
      maximumInputs,
      ridge,
      seed,
      backend,
      onImages: progress?.report?.bind(progress),
    });
    if (criterion !== 'reconstruction') return;
    const orders = await removalOrders(graph, groups, this.gathered, progress);
    for (const [name, { order }] of orders) this.ranking.set(name, order.toReversed());
  }

  plan(group: ChannelGroup, { channels = group.channels }: GroupChoice): PruneStep {
    const ranking = this.ranking.get(group.name);
    if (ranking?.length !== group.channels)
      throw mismatch(
        `The channel pruner was not prepared for a group "${group.name}" of ${group.channels} channels.`,
      );
    const step = { pruner: this.id, group: group.name };
    const count = Math.min(group.channels, Math.max(1, Math.round(channels)));
    return count === group.channels ? step : { ...step, keep: ranking.slice(0, count).sort((a, b) => a - b) };
  }

  apply(graph: LayerGraph, plan: PrunePlan): LayerGraph {
    const removals = this.removalsOf(plan);
    if (removals.length === 0) return graph;
    return removeAll(reconstruct(graph, this.gathered, lostInputs(removals), this.knownRefits), removals);
  }

  async adapt(graph: LayerGraph, plan: PrunePlan): Promise<LayerGraph> {
    if (!this.calibration) return graph;
    const zeroed = plan.flatMap(({ zeroSlices = [] }) =>
      zeroSlices.flatMap(({ layer, slices }) => (slices.length > 0 ? [layer] : [])),
    );
    const changed = new Set([
      ...lostInputs(this.removalsOf(plan.filter(({ pruner }) => pruner === this.id))).keys(),
      ...zeroed,
    ]);
    return reestimateBatchNorms(graph, { changed, ...this.calibration });
  }

  dispose(): void {
    this.context = undefined;
    this.knownRefits = createKnownRefits([]);
    this.gathered = new Map();
    this.probed.clear();
    this.calibration = undefined;
  }

  private async allocation(question: AllocationQuestion): Promise<number[]> {
    return allocate(question, { errors: await this.errorsOf(question.groups) });
  }

  /**
   * How many images the probes look at. A refit fits the images that it was made on better than any others,
   * so these are apart from those; of few images, at most a quarter.
   */
  private probeCount(dataset: Dataset): number {
    return Math.min(this.options.probeImages, Math.ceil(dataset.size('train') / 4));
  }

  private async refitWinner(
    smaller: LayerGraph,
    plan: PrunePlan,
    options: NonNullable<ChannelPrunerOptions['sequential']>,
  ): Promise<LayerGraph> {
    const { graph: original, dataset, backend, seed, progress } = this.prepared;
    // Each output of a layer with zeroed slices has other inputs, which the refit of slices knows.
    if (plan.some(({ zeroSlices = [] }) => zeroSlices.some(({ slices }) => slices.length > 0)))
      return smaller;
    return refitInOrder({
      original,
      smaller,
      lostOutputs: lostOutputs(this.removalsOf(plan.filter(({ pruner }) => pruner === this.id))),
      dataset,
      backend,
      seed,
      options: { ...options, maximumInputs: SEQUENTIAL_INPUTS * this.options.maximumInputs },
      onLayer: progress?.report?.bind(progress),
    });
  }

  private async errorsOf(groups: readonly ChannelGroup[]): Promise<Float64Array[]> {
    const orders = await removalOrders(this.prepared.graph, groups, this.gathered);
    const errors = new Map(groups.map(({ name }) => [name, orders.get(name)!.errors]));
    if (this.options.weights === 'equal') return [...errors.values()];
    await this.probe(
      groups.filter(({ name }) => !this.probed.has(name)),
      errors,
    );
    return groups.map(({ name }) => this.probed.get(name)!);
  }

  private async probe(
    groups: readonly ChannelGroup[],
    errors: ReadonlyMap<string, Float64Array>,
  ): Promise<void> {
    if (groups.length === 0) return;
    const { graph, dataset, seed } = this.prepared;
    const chosen = lastImages(dataset, this.probeCount(dataset), seed);
    const lossOf = await createOutputLoss({ ...this.prepared, chosen });
    for (const group of groups) {
      const scaled = await probedErrors(errors.get(group.name)!, async (channels) => {
        const plan = [this.plan(group, { channels })];
        return lossOf(await this.adapt(this.apply(graph, plan), plan));
      });
      this.probed.set(group.name, scaled);
    }
  }

  private get prepared(): PruneContext {
    if (!this.context) throw mismatch('The channel pruner was not prepared for a network.');
    return this.context;
  }

  private removalsOf(plan: PrunePlan): Removal[] {
    return plan.flatMap((step): Removal[] => {
      const group = this.groups.get(step.group);
      if (!group) throw mismatch(`The plan names a group "${step.group}" that the network does not have.`);
      return step.keep ? [{ group, keep: step.keep }] : [];
    });
  }
}

/**
 * Training images drawn by the seed, as they are in the data set. Throws `DATASET_INVALID` where there are
 * none.
 */
async function readCalibration(
  { dataset, seed }: Pick<PruneContext, 'dataset' | 'seed'>,
  count: number,
): Promise<Float32Array> {
  const chosen = createRandom(seed, 'batch-norm').permutation(dataset.size('train')).slice(0, count);
  if (chosen.length === 0) {
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'The channel pruner needs some to re-estimate batch norms; otherwise set its "batchNormImages" to 0.',
    });
  }
  return (await dataset.read('train', chosen)).images;
}

/**
 * Gradients of the cross entropy by `layer/weight`, one set per batch of training images. Throws
 * `TRAINING_UNSUPPORTED` where the backend has none.
 */
async function calibrationGradients(
  graph: LayerGraph,
  { dataset, backend, seed }: Pick<PruneContext, 'dataset' | 'backend' | 'seed'>,
  images: number,
): Promise<Map<string, Float32Array>[]> {
  const order = createRandom(seed, 'calibration').permutation(dataset.size('train')).slice(0, images);
  const session = await backend.compileTraining(withoutFrozen(graph), {
    labelSmoothing: 0,
    distill: 0,
    temperature: 1,
  });
  const names = graph.layers.flatMap(({ name, weights }) =>
    weights.map((weight) => `${name}/${weight.name}`),
  );
  const values = graph.layers.flatMap(({ weights }) => weights.map(({ data }) => data));
  const gradients: Map<string, Float32Array>[] = [];
  try {
    for (let start = 0; start < order.length; start += GRADIENT_BATCH) {
      const batch = await dataset.read('train', order.slice(start, start + GRADIENT_BATCH));
      const { updates } = await session.step(values, { ...batch, seed });
      gradients.push(new Map(names.map((name, i) => [name, updates[i]!])));
    }
  } finally {
    session.dispose();
  }
  return gradients;
}

function mismatch(message: string): TersorError {
  return new TersorError('PLAN_MISMATCH', message, {
    hint: 'Apply a plan only to the network that it was made for.',
  });
}
