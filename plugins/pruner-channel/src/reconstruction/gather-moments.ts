import { drawPositions, imagesAtOnce, joined, rowsAt } from '@tersor/network';
import {
  createRandom,
  elementCount,
  type Backend,
  type Dataset,
  type GraphLayer,
  type LayerGraph,
  type Random,
} from '@tersor/core';
import { findConsumers, type Consumer } from './consumers.js';
import { prepareMoments, type InputMoments } from './refit.js';
import { groupColumns } from './group-columns.js';
import { heldOutRidge, type Reader } from './ridge/held-out-ridge.js';
import { addBatch, type BatchSpread } from './ridge/shrinkage.js';
import { sumProducts } from './sum-products.js';

/** How much is gathered. */
export interface GatherOptions {
  /** Training images that are used. */
  readonly images: number;
  /** Output positions per image and layer. */
  readonly points: number;
  /**
   * Layers with more inputs (kernel positions x channels) than this are refit channel by channel: see
   * `Gathered`.
   */
  readonly maximumInputs: number;
  /**
   * As a share of the mean square of the inputs; or as the images say, see `shrinkageRidge` and
   * `heldOutRidge`.
   */
  readonly ridge: number | 'shrinkage' | 'held-out';
  readonly seed: number;
  /** Runs the network, and multiplies. */
  readonly backend: Backend;
  readonly onImages?: ((done: number, total: number) => void) | undefined;
}

/** A layer with the statistics of its inputs. */
export interface Gathered {
  readonly consumer: Consumer;
  /**
   * True when the moments are those of whole im2col rows. False when they are those of the channels alone,
   * for layers with too many inputs: then removed channels are predicted from the kept ones at the same
   * position, and every kernel position is refit alike.
   */
  readonly wholeRows: boolean;
  /** By group of channels: one for each, of its own inputs. */
  readonly moments: readonly InputMoments[];
}

/** The order in which training images are used, and the draws after it. */
function drawOrder(dataset: Dataset, seed: number): { readonly order: number[]; readonly random: Random } {
  const random = createRandom(seed, 'reconstruction');
  return { order: random.permutation(dataset.size('train')), random };
}

/** The training images that are used last. */
export function lastImages(dataset: Dataset, count: number, seed: number): number[] {
  const { order } = drawOrder(dataset, seed);
  return order.slice(Math.max(0, order.length - count));
}

interface Sums {
  readonly consumer: Consumer;
  readonly wholeRows: boolean;
  readonly size: number;
  readonly groups: readonly GroupSums[];
  rows: number;
}

/** Of the inputs of one group. */
interface GroupSums {
  readonly sums: Float64Array;
  readonly products: Float64Array;
  spread: BatchSpread;
  /** Of every second batch of images, where the ridge asks for it. */
  readonly half?: { readonly sums: Float64Array; readonly products: Float64Array; rows: number };
}

/** Images whose rows are multiplied at once. */
const BATCH = 25;

/**
 * Runs the network over training images and gathers the moments of what every refittable layer reads. Images
 * run in as large parts as memory allows: see `imagesAtOnce`.
 */
export async function gatherMoments(
  graph: LayerGraph,
  dataset: Dataset,
  layers: ReadonlySet<string>,
  options: GatherOptions,
): Promise<Map<string, Gathered>> {
  const totals = findConsumers(graph)
    .filter(({ layer }) => layers.has(layer))
    .flatMap((consumer): Sums[] => {
      const wholeRows = consumer.taps * consumer.channels <= options.maximumInputs;
      const size = wholeRows ? consumer.taps * consumer.channels : consumer.channels;
      if (size > options.maximumInputs) return [];
      return [
        {
          consumer,
          wholeRows,
          size,
          groups: Array.from({ length: consumer.groups }, () => ({
            sums: new Float64Array(size),
            products: new Float64Array(size * size),
            spread: { batches: 0, squares: 0 },
            ...(options.ridge === 'held-out' && {
              half: { sums: new Float64Array(size), products: new Float64Array(size * size), rows: 0 },
            }),
          })),
          rows: 0,
        },
      ];
    });
  const { order: all, random } = drawOrder(dataset, options.seed);
  const order = all.slice(0, options.images);
  const count = order.length;
  const { network, sites } = withReadInputs(graph, totals);
  const calls = [...new Set(sites.map(({ observed }) => observed))];
  const session = await options.backend.observe(network, calls);
  const atOnce = imagesAtOnce(network, calls, BATCH);
  try {
    for (let start = 0; start < count; start += BATCH) {
      options.onImages?.(start, count);
      const batch = order.slice(start, start + BATCH);
      // Drawn ahead, site by site, so that they do not depend on how many images run at once.
      const drawn = sites.map((site) => ({
        ...site,
        positions: drawPositions(batch.length, site.shape, windowOf(site.total), options.points, random),
        rows: [] as Float32Array[],
      }));
      for (let from = 0; from < batch.length; from += atOnce) {
        const part = batch.slice(from, from + atOnce);
        const { images } = await dataset.read('train', part);
        const results = await session.run(images);
        for (const { total, observed, shape, positions, rows } of drawn)
          rows.push(
            rowsAt(
              { data: results[calls.indexOf(observed)]!, shape: [part.length, ...shape] },
              windowOf(total),
              positions.slice(from, from + part.length),
            ),
          );
      }
      const isHalf = (start / BATCH) % 2 === 1;
      for (const { total, rows } of drawn) await addRows(total, joined(rows), isHalf, options);
    }
  } finally {
    session.dispose();
  }
  return new Map(
    totals
      .filter(({ rows }) => rows > 0)
      .map((total) => [
        total.consumer.layer,
        {
          consumer: total.consumer,
          wholeRows: total.wholeRows,
          moments: total.groups.map(({ sums, products }, group) =>
            prepareMoments(
              sums,
              products,
              total.rows,
              total.consumer.offset !== undefined,
              ridgeOf(graph, total, group, options.ridge),
              `layer "${total.consumer.layer}"`,
            ),
          ),
        },
      ]),
  );
}

function ridgeOf(
  graph: LayerGraph,
  { consumer, wholeRows, groups, rows }: Sums,
  group: number,
  ridge: GatherOptions['ridge'],
): number | BatchSpread {
  const { sums, products, spread, half } = groups[group]!;
  if (ridge === 'shrinkage') return spread;
  if (ridge !== 'held-out') return ridge;
  const { channels, outputs, taps } = consumer;
  const layer = graph.layers.find(({ name }) => name === consumer.layer)!;
  const { data } = layer.weights.find(({ name }) => name === consumer.weight)!;
  const columns = groupColumns(data, outputs, consumer.groups, group);
  const own = columns.length / taps;
  const reader: Reader = {
    channels,
    outputs: outputs / consumer.groups,
    kernels: wholeRows
      ? [columns]
      : Array.from({ length: taps }, (_, tap) => columns.subarray(tap * own, (tap + 1) * own)),
    centered: consumer.offset !== undefined,
  };
  return heldOutRidge({ sums, products, rows }, half!, reader);
}

/** A call of a layer whose inputs are gathered. */
interface Site {
  readonly total: Sums;
  /** The call of `network` that gives what the refit kernel reads. */
  readonly observed: number;
  /** Shape of that: a dense layer's features have one position. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

/**
 * Where to look for what each refit kernel reads: the layer's input, or for a separable convolution the
 * result of its depthwise part, which a layer added to the network gives (the same convolution with an
 * identity as its pointwise kernel).
 */
function withReadInputs(
  graph: LayerGraph,
  totals: readonly Sums[],
): { network: LayerGraph; sites: readonly Site[] } {
  const added: GraphLayer[] = [];
  const calls = [...graph.calls];
  const byCall = new Map(
    totals.flatMap((total) => total.consumer.calls.map((call) => [call, total] as const)),
  );
  const sites = graph.calls.flatMap((call, index): Site[] => {
    const total = byCall.get(index);
    if (!total) return [];
    let observed = call.inputs[0]!;
    if (total.consumer.weight === 'pointwise_kernel') {
      const layer = depthwisePart(graph.layers.find(({ name }) => name === call.layer)!);
      if (!added.some(({ name }) => name === layer.name)) added.push(layer);
      const { channels } = total.consumer;
      observed = calls.length;
      calls.push({
        layer: layer.name,
        inputs: [call.inputs[0]!],
        outputShape: [...call.outputShape.slice(0, -1), channels],
      });
    }
    const shape = calls[observed]!.outputShape as readonly number[];
    const positions = elementCount(shape.slice(0, -1));
    const [height, width] = shape.length === 3 ? [shape[0]!, shape[1]!] : [positions, 1];
    return [{ total, observed, shape: [height, width, shape.at(-1)!] }];
  });
  return { network: { ...graph, layers: [...graph.layers, ...added], calls }, sites };
}

function depthwisePart(layer: GraphLayer): GraphLayer {
  const depthwise = layer.weights.find(({ name }) => name === 'depthwise_kernel')!;
  const channels = depthwise.shape[2]! * depthwise.shape[3]!;
  const data = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) data[i * channels + i] = 1;
  const name = `${layer.name}/depthwise-part`;
  return {
    ...layer,
    name,
    config: { ...layer.config, name, filters: channels, activation: 'linear', use_bias: false },
    weights: [
      depthwise,
      { name: 'pointwise_kernel', shape: [1, 1, channels, channels], data, trainable: true },
    ],
  };
}

/** The window whose whole contents make up a row; none where a row is one position. */
function windowOf({ consumer, wholeRows }: Sums): Consumer['window'] {
  return wholeRows && consumer.weight === 'kernel' ? consumer.window : undefined;
}

async function addRows(
  total: Sums,
  rows: Float32Array,
  isHalf: boolean,
  options: GatherOptions,
): Promise<void> {
  const { size, consumer, groups } = total;
  if (rows.length === 0) return;
  for (const [group, sums] of groups.entries())
    await addGroup(sums, rowsOfGroup(rows, consumer, group), isHalf, size, consumer, options);
  total.rows += rows.length / size / groups.length;
}

async function addGroup(
  total: GroupSums,
  rows: Float32Array,
  isHalf: boolean,
  size: number,
  { offset }: Consumer,
  { backend, ridge }: GatherOptions,
): Promise<void> {
  const { half } = total;
  const added = await sumProducts(backend, rows, size);
  for (const { sums, products } of half && isHalf ? [total, half] : [total]) {
    for (let i = 0; i < products.length; i++) products[i] = products[i]! + added.products[i]!;
    for (let i = 0; i < size; i++) sums[i] = sums[i]! + added.sums[i]!;
  }
  if (half && isHalf) half.rows += rows.length / size;
  if (ridge === 'shrinkage')
    total.spread = addBatch(
      total.spread,
      added.sums,
      added.products,
      rows.length / size,
      offset !== undefined,
    );
}

/** What one group reads of rows of (kernel position, channel). */
function rowsOfGroup(
  rows: Float32Array,
  { channels, groups }: Pick<Consumer, 'channels' | 'groups'>,
  group: number,
): Float32Array {
  if (groups === 1) return rows;
  const result = new Float32Array(rows.length / groups);
  for (let at = 0; at < result.length; at += channels) {
    const from = at * groups + group * channels;
    result.set(rows.subarray(from, from + channels), at);
  }
  return result;
}
