import { offsetPlace, removedChannels, type RemovedChannels } from '@tersor/network';
import {
  TersorError,
  type Backend,
  type ChannelGroup,
  type GroupChoice,
  type GraphLayer,
  type LayerGraph,
  type PruneContext,
  type PrunePlan,
  type Pruner,
  type PruneStep,
  type SliceHeuristic,
} from '@tersor/core';
import { spreadShares } from './allocation/spread-shares.js';
import { gatherInputs, type LayerInputs } from './refit/input-moments.js';
import { refitSlices, type Original } from './refit/refit-slices.js';
import { removeSlices, type SliceOrder } from './refit/remove-slices.js';
import { channelMeans, sliceNorms } from './slice-scores.js';
import { trainNoise, type LayerInformation, type NoiseTrainingOptions } from './train-noise.js';

/** Settings of the variational pruner; the plugin's schema has the defaults. */
export interface VariationalPrunerOptions extends NoiseTrainingOptions {
  /** Moves the mean of what a slice added to its output into the bias or the batch norm after it. */
  readonly correctMeans: boolean;
  /**
   * What slices are ranked by: information dropout, which is trained; their norms; or what their loss does to
   * the layer's outputs.
   */
  readonly ranking: 'information' | 'norm' | 'reconstruction';
  /** Whether layers that lose slices are refit. */
  readonly reconstruct: 'none' | 'least-squares';
  /** Training images and positions per image that the refit looks at, and the most inputs of a layer. */
  readonly refitImages: number;
  readonly points: number;
  readonly maximumInputs: number;
  /** Ridge of the refit, as a share of the mean square of the inputs. */
  readonly ridge: number;
  /** Steps of conjugate gradients. */
  readonly steps: number;
  /** Share of the slices that heuristics of channels leave to this pruner. */
  readonly heuristicShare: number;
}

/**
 * Kernel-wise variational pruning by information dropout: learns how much noise every 2-D kernel slice (input
 * channel, output channel) bears, and zeroes the slices that carry the least information, at the share that
 * the policy gives. (The paper's stage 1; how the noise is tied to slices is our reading.)
 */
export class VariationalPruner implements Pruner {
  readonly id = 'variational';
  readonly action = 'slices';
  private information = new Map<string, LayerInformation>();
  private inputs: ReadonlyMap<string, LayerInputs> = new Map();
  /**
   * Where slices are ranked by reconstruction: by what is left of the channels, the order of each layer's
   * slices. With all channels, and with those that a heuristic was asked about.
   */
  private readonly orders = new Map<string, ReadonlyMap<string, SliceOrder>>();
  private original: Original | undefined;
  private backend: Backend | undefined;
  private groups: readonly ChannelGroup[] = [];

  /** Where slices are ranked by reconstruction: each group gives where it loses the least. */
  readonly sliceHeuristic?: SliceHeuristic;

  constructor(private readonly options: VariationalPrunerOptions) {
    if (options.ranking === 'reconstruction')
      this.sliceHeuristic = {
        name: 'reconstruction',
        share: options.heuristicShare,
        spread: async (question) => {
          const orders = await this.ordersOf(question.channels);
          const curvesOf = ({ members }: ChannelGroup) =>
            members
              .filter(({ role, weight }) => role === 'produces' && weight === 'kernel')
              .map(({ layer }) => orders.get(layer)?.curve);
          return spreadShares(question, question.groups.map(curvesOf));
        },
      };
  }

  async prepare({ graph, groups, dataset, backend, seed, progress }: PruneContext): Promise<void> {
    const { ranking, reconstruct, refitImages: images, points, maximumInputs } = this.options;
    this.groups = groups;
    this.information.clear();
    this.orders.clear();
    // The noise is trained with the gradients of tfjs, on the kernels that the backend brings.
    await backend.activate();
    this.backend = backend;
    if (ranking === 'information')
      this.information = await trainNoise(graph, dataset, seed, this.options, progress);
    if (ranking === 'information' && reconstruct === 'none') return;
    const inputs = await gatherInputs(graph, { dataset, backend }, { images, points, maximumInputs, seed });
    if (ranking !== 'information')
      this.information = new Map([...inputs].map(([name, each]) => [name, sliceNorms(each)]));
    this.inputs = inputs;
    if (ranking === 'reconstruction')
      for (const [name, { ranks }] of await this.ordersOf([]))
        this.information.set(name, {
          slices: ranks,
          inputMeans: channelMeans(inputs.get(name)!),
          groups: inputs.get(name)!.reader.groups,
        });
    if (reconstruct === 'none') return;
    this.original = { graph, groups, inputs };
  }

  /**
   * Keeps a share of the slices that produce the group's channels, over all of its producers
   * together. Slices of channels that go are not among them.
   */
  plan(group: ChannelGroup, { slices: share = 1 }: GroupChoice, channels: PrunePlan = []): PruneStep {
    const orders = this.orders.get(keyOf(channels));
    const slices = group.members.flatMap((member) => {
      const known =
        member.role === 'produces' && member.weight === 'kernel'
          ? this.information.get(member.layer)
          : undefined;
      if (!known) return [];
      const gone = removedChannels(member.layer, this.groups, channels);
      const slices = orders?.get(member.layer)?.ranks ?? known.slices;
      return slicesOf(member.layer, { ...known, slices }, member.indexes.flat(), gone);
    });
    const kept = Math.max(1, Math.round(Math.min(1, Math.max(0, share)) * slices.length));
    const step = { pruner: this.id, group: group.name };
    if (kept >= slices.length) return step;
    slices.sort((a, b) => b.information - a.information || a.slice - b.slice);
    const zeroed = new Map<string, number[]>();
    for (const { layer, slice } of slices.slice(kept)) {
      const list = zeroed.get(layer);
      if (list) list.push(slice);
      else zeroed.set(layer, [slice]);
    }
    return {
      ...step,
      zeroSlices: [...zeroed].map(([layer, list]) => ({ layer, slices: list.sort((a, b) => a - b) })),
    };
  }

  apply(graph: LayerGraph, plan: PrunePlan): LayerGraph {
    const changed = new Map<string, GraphLayer>();
    const layerOf = (name: string) => changed.get(name) ?? graph.layers.find((layer) => layer.name === name);
    for (const { group, zeroSlices = [] } of plan) {
      for (const { layer: name, slices } of zeroSlices) {
        const layer = layerOf(name);
        const kernel = layer?.weights.find((weight) => weight.name === 'kernel');
        const count = kernel?.shape.slice(-2).reduce((product, size) => product * size, 1) ?? 0;
        const known = this.information.get(name);
        if (!layer || slices.some((slice) => slice >= count) || (known && known.slices.length !== count)) {
          throw new TersorError(
            'PLAN_MISMATCH',
            `The plan of group "${group}" zeroes slices of "${name}" that the network does not have.`,
            {
              hint: 'Slices are counted in the original network: apply this plan before channels are removed.',
            },
          );
        }
        const { zeroed, lost } = zeroLayer(layer, slices, known);
        changed.set(name, zeroed);
        if (this.options.correctMeans) correctMean(graph, name, lost, changed, layerOf);
      }
    }
    return { ...graph, layers: graph.layers.map((layer) => changed.get(layer.name) ?? layer) };
  }

  /** Refits what is left, by least squares on the original's inputs. */
  async adapt(graph: LayerGraph, plan: PrunePlan): Promise<LayerGraph> {
    if (!this.original) return graph;
    // It multiplies with tfjs, as the noise is trained: on the kernels of the backend of `prepare`.
    await this.backend?.activate();
    return refitSlices(graph, plan, this.original, this.options);
  }

  /** The order of every layer's slices, with these channels gone; worked out once. */
  private async ordersOf(channels: PrunePlan): Promise<ReadonlyMap<string, SliceOrder>> {
    const known = this.orders.get(keyOf(channels));
    if (known) return known;
    await this.backend?.activate();
    const produced = new Set(
      this.groups.flatMap(({ members }) =>
        members.flatMap(({ layer, role }) => (role === 'produces' ? [layer] : [])),
      ),
    );
    const orders = new Map<string, SliceOrder>();
    for (const [name, each] of this.inputs) {
      if (!produced.has(name)) continue;
      const gone = removedChannels(name, this.groups, channels);
      const outputs = each.reader.layer.weights.find((weight) => weight.name === 'kernel')!.shape.at(-1)!;
      const left = {
        inputs: Array.from({ length: each.reader.channels / each.reader.groups }, (_, i) => i).filter(
          (i) => !gone.inputs.has(i),
        ),
        outputs: Array.from({ length: outputs }, (_, i) => i).filter((i) => !gone.outputs.has(i)),
      };
      const order = await removeSlices(each, this.options.ridge, left);
      if (order) orders.set(name, order);
    }
    this.orders.set(keyOf(channels), orders);
    return orders;
  }

  dispose(): void {
    this.original = undefined;
    this.backend = undefined;
    this.inputs = new Map();
    this.information.clear();
    this.orders.clear();
  }
}

/** Tells plans apart by the channels that they leave. */
function keyOf(plan: PrunePlan): string {
  return JSON.stringify(plan.flatMap(({ group, keep }) => (keep ? [[group, keep]] : [])));
}

function slicesOf(
  layer: string,
  { slices, inputMeans, groups = 1 }: LayerInformation,
  outputs: readonly number[],
  gone: RemovedChannels,
) {
  const inputs = inputMeans.length / groups;
  const total = slices.length / inputs;
  const left = outputs.filter((output) => !gone.outputs.has(output));
  return Array.from({ length: inputs }, (_, input) => input).flatMap((input) =>
    gone.inputs.has(input)
      ? []
      : left.map((output) => ({
          layer,
          slice: input * total + output,
          information: slices[input * total + output]!,
        })),
  );
}

/** Zeroes slices; `lost` is the mean that each output loses with them. */
function zeroLayer(
  layer: GraphLayer,
  slices: readonly number[],
  known: Pick<LayerInformation, 'inputMeans' | 'groups'> | undefined,
): { zeroed: GraphLayer; lost: Float64Array } {
  const kernel = layer.weights.find(({ name }) => name === 'kernel')!;
  const [inputs, outputs] = kernel.shape.slice(-2) as [number, number];
  const data = Float32Array.from(kernel.data);
  const lost = new Float64Array(outputs);
  for (const slice of slices) {
    const group = Math.floor(((slice % outputs) * (known?.groups ?? 1)) / outputs);
    const mean = known?.inputMeans[group * inputs + Math.floor(slice / outputs)] ?? 0;
    for (let at = slice; at < data.length; at += inputs * outputs) {
      lost[slice % outputs] = lost[slice % outputs]! + mean * data[at]!;
      data[at] = 0;
    }
  }
  return {
    zeroed: {
      ...layer,
      weights: layer.weights.map((weight) => (weight === kernel ? { ...weight, data } : weight)),
    },
    lost,
  };
}

/**
 * Gives the lost mean back: added to the layer's bias, or taken from the moving mean of a batch norm that
 * alone reads the layer.
 */
function correctMean(
  graph: LayerGraph,
  name: string,
  lost: Float64Array,
  changed: Map<string, GraphLayer>,
  layerOf: (name: string) => GraphLayer | undefined,
): void {
  const add = (layer: GraphLayer, target: string, sign: number) => {
    const weights = layer.weights.map((weight) =>
      weight.name === target
        ? { ...weight, data: weight.data.map((value, i) => value + sign * lost[i]!) }
        : weight,
    );
    changed.set(layer.name, { ...layer, weights });
  };
  const place = offsetPlace(graph, name);
  if (place) add(layerOf(place.layer)!, place.weight, place.sign);
}
