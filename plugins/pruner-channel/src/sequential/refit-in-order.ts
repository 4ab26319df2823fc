import {
  choleskyInPlace,
  crossProductsOn,
  drawPositions,
  factsOf,
  kernelOf,
  rowsAt,
  solveCholesky,
  startWalk,
  withSomeWeights,
  type CrossProducts,
  type Walk,
} from '@tersor/network';
import { createRandom, type Backend, type Dataset, type LayerGraph, type Random } from '@tersor/core';
import { layersInOrder, type LayerPair } from './layers-in-order.js';

/** How much is looked at. */
export interface InOrderOptions {
  /** Training images; fewer where the data set has fewer. */
  readonly images: number;
  /** Output positions of each image and layer. */
  readonly points: number;
  /** Pulls towards the weights that a layer has, as a share of the mean square of its inputs. */
  readonly ridge: number;
  /** Layers with more inputs (kernel positions x channels) than this keep their weights. */
  readonly maximumInputs: number;
}

interface InOrderRefit {
  readonly original: LayerGraph;
  /** The pruned network, whose layers have been refit by themselves. */
  readonly smaller: LayerGraph;
  /** By layer, the outputs of the original that went. */
  readonly lostOutputs: ReadonlyMap<string, ReadonlySet<number>>;
  readonly dataset: Dataset;
  readonly backend: Backend;
  readonly seed: number;
  readonly options: InOrderOptions;
  onLayer?(done: number, total: number): void;
}

/** Images that run at once, and bytes of results that a run of them may give, or a walk may keep. */
const BATCH = 25;
const MEMORY = 2 ** 27;
/** With a ridge of so many times the inputs' squares a layer stays as it is. */
const MOST_RIDGE = 1e6;

/**
 * Refits a pruned network from the front to the back. Each layer's weights are chosen for the inputs x that
 * the layers refit so far give it, to come to the outputs t that the original has for the same images, before
 * the activation (He et al., Channel Pruning, ICCV 2017, section 3.2; the asymmetric targets of GPTAQ):
 *
 *   min over W' and b of E |x W' + b - t|^2 + ridge |W' - W|^2
 *
 * with W the weights that the layer has. So a layer makes up for what all layers before it have lost, where
 * a refit by itself knows of its own inputs alone. No labels, no gradients; the same seed gives the same
 * weights on the same backend. Layers that are left out (see `layersInOrder`) keep their weights.
 */
export async function refitInOrder(run: InOrderRefit): Promise<LayerGraph> {
  const { original, smaller, backend, dataset, seed, options } = run;
  const pairs = layersInOrder(original, smaller, run.lostOutputs);
  if (pairs.length === 0) return smaller;
  const images = await readImages(dataset, options, imagesPerRun(original), seed);
  const observe: Backend['observe'] = (network, calls) => backend.observe(network, calls);
  const walks = {
    own: startWalk({ graph: smaller, observe, images, memory: MEMORY }),
    original: startWalk({ graph: original, observe, images, memory: MEMORY }),
  };
  const multiply = crossProductsOn(backend);
  let current = smaller;
  for (const [done, pair] of pairs.entries()) {
    run.onLayer?.(done, pairs.length);
    if (pair.own.taps * pair.own.channels > options.maximumInputs) continue;
    walks.original.setGraph(withoutActivation(original, pair));
    const random = createRandom(seed, `in-order/${pair.own.layer.name}`);
    const sums = await gather(run, pair, walks, multiply, random);
    walks.original.setGraph(original);
    current = withRefit(current, original, pair, sums, options.ridge);
    walks.own.setGraph(current);
  }
  return current;
}

/** Images at once, so few that no walk has to read them in parts: the parts of the two would differ. */
function imagesPerRun({ calls }: LayerGraph): number {
  const sizes = calls.map(({ outputShape }) =>
    outputShape.reduce<number>((size, side) => size * (side ?? 1), 1),
  );
  return Math.min(BATCH, Math.max(1, Math.floor(MEMORY / (2 * 4 * Math.max(...sizes)))));
}

async function readImages(
  dataset: Dataset,
  { images }: InOrderOptions,
  atOnce: number,
  seed: number,
): Promise<Float32Array[]> {
  const chosen = createRandom(seed, 'in-order').permutation(dataset.size('train')).slice(0, images);
  const batches: Float32Array[] = [];
  for (let start = 0; start < chosen.length; start += atOnce)
    batches.push((await dataset.read('train', chosen.slice(start, start + atOnce))).images);
  return batches;
}

/** Sums over rows of a layer's inputs x, and of the outputs t that the original has in their place. */
interface Sums {
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
  /** x x' and x t'. */
  readonly products: Float64Array;
  readonly cross: Float64Array;
  rows: number;
}

async function gather(
  { original, smaller, options }: InOrderRefit,
  { own, original: before, outputs }: LayerPair,
  walks: { readonly own: Walk; readonly original: Walk },
  multiply: CrossProducts,
  random: Random,
): Promise<Sums> {
  const call = before.calls[0]!;
  const input = smaller.calls[own.calls[0]!]!.inputs[0]!;
  const [height, width, channels] = sidesOf(smaller, input);
  const [outHeight, outWidth, all] = sidesOf(original, call);
  const [size, count] = [own.taps * own.channels, outputs.length];
  const sums: Sums = {
    inputs: new Float64Array(size),
    targets: new Float64Array(count),
    products: new Float64Array(size * size),
    cross: new Float64Array(size * count),
    rows: 0,
  };
  // With its input, so that the walk never goes on from a result that lacks its activation.
  const targets = walks.original.read([original.calls[call]!.inputs[0]!, call]);
  try {
    for await (const [data] of walks.own.read([input])) {
      const { value } = await targets.next();
      const given = (value as readonly Float32Array[])[1]!;
      const batch = data!.length / (height * width * channels);
      const positions = drawPositions(batch, [height, width], own.window, options.points, random);
      const x = rowsAt({ data: data!, shape: [batch, height, width, channels] }, own.window, positions);
      const whole = rowsAt({ data: given, shape: [batch, outHeight, outWidth, all] }, undefined, positions);
      const rows = x.length / size;
      const t = columnsOf(whole, all, outputs);
      const [products, cross] = await multiply(x, [x, t], rows);
      addTo(sums.products, products!);
      addTo(sums.cross, cross!);
      for (let at = 0; at < x.length; at++) sums.inputs[at % size]! += x[at]!;
      for (let at = 0; at < t.length; at++) sums.targets[at % count]! += t[at]!;
      sums.rows += rows;
    }
  } finally {
    // Its session is freed, also where the other one, or a product, fails.
    await targets.return(undefined);
  }
  return sums;
}

/** Height, width and channels of a result; features and sequences have sides of 1. */
function sidesOf({ calls }: LayerGraph, call: number): [height: number, width: number, channels: number] {
  const shape = calls[call]!.outputShape as readonly number[];
  const channels = shape.at(-1)!;
  return shape.length === 3
    ? [shape[0]!, shape[1]!, channels]
    : [shape.length === 2 ? shape[0]! : 1, 1, channels];
}

function columnsOf(matrix: Float32Array, columns: number, chosen: readonly number[]): Float32Array {
  if (chosen.length === columns) return matrix;
  const rows = matrix.length / columns;
  const result = new Float32Array(rows * chosen.length);
  for (let row = 0; row < rows; row++)
    chosen.forEach((column, i) => (result[row * chosen.length + i] = matrix[row * columns + column]!));
  return result;
}

function addTo(sums: Float64Array, values: Float32Array): void {
  for (let at = 0; at < sums.length; at++) sums[at]! += values[at]!;
}

/** The network with the layer's weights, and what takes up its means, as the sums ask for. */
function withRefit(
  current: LayerGraph,
  original: LayerGraph,
  { own, original: before, outputs }: LayerPair,
  { inputs, targets, products, cross, rows }: Sums,
  ridge: number,
): LayerGraph {
  // The same one in both, or none: only a bias of its own, or a batch norm after it, takes up the means.
  const place = own.offset?.layer === before.offset?.layer ? own.offset : undefined;
  const { weight } = own.kernels[0]!;
  const kernel = kernelOf(own, weight);
  const [n, count] = [inputs.length, targets.length];
  // Without a place for an offset the second moments are about zero, and the layer has no bias.
  const mean = inputs.map((sum) => (place ? sum / rows : 0));
  const target = targets.map((sum) => (place ? sum / rows : 0));
  const matrix = products.map((sum, at) => sum / rows - mean[Math.floor(at / n)]! * mean[at % n]!);
  const factor = factorWith(matrix, n, products, rows, ridge);
  if (!factor) return current;
  const { pull } = factor;
  const solution = cross.map(
    (sum, at) => sum / rows - mean[Math.floor(at / count)]! * target[at % count]! + pull * kernel[at]!,
  );
  solveCholesky(factor.triangle, n, solution, count);
  const changed = new Map([[`${own.layer.name}/${weight}`, Float32Array.from(solution)]]);
  if (place) {
    const whole = original.layers
      .find(({ name }) => name === place.layer)!
      .weights.find(({ name }) => name === place.weight)!.data;
    const isOwn = place.layer === own.layer.name;
    const shifts = target.map((value, output) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += mean[i]! * solution[i * count + output]!;
      return value - sum;
    });
    // What the original gives has its own bias in it, but not that of the layer after it.
    const values = Float32Array.from(
      shifts,
      (shift, output) => (isOwn ? 0 : whole[outputs[output]!]!) + place.sign * shift,
    );
    changed.set(`${place.layer}/${place.weight}`, values);
  }
  if ([...changed.values()].some((values) => !values.every(Number.isFinite))) return current;
  return withSomeWeights(current, changed);
}

/**
 * Cholesky factor of the moments with the ridge, or with one ten times as large, again and again, where
 * rounding asks for it (inputs that hardly vary); `undefined` where they are not finite.
 */
function factorWith(
  matrix: Float64Array,
  n: number,
  products: Float64Array,
  rows: number,
  ridge: number,
): { readonly triangle: Float64Array; readonly pull: number } | undefined {
  let [trace, squares] = [0, 0];
  for (let at = 0; at < matrix.length; at += n + 1) {
    trace += matrix[at]!;
    squares += products[at]! / rows;
  }
  const level = (trace > 0 ? trace : squares) / n;
  for (let share = ridge; Number.isFinite(trace) && share < MOST_RIDGE; share *= 10) {
    const pull = Math.max(share * level, 1e-12);
    const triangle = matrix.slice();
    for (let at = 0; at < matrix.length; at += n + 1) triangle[at]! += pull;
    if (choleskyInPlace(triangle, n)) return { triangle, pull };
  }
  return undefined;
}

/** The original, in which the layer gives what comes before its activation. */
function withoutActivation(original: LayerGraph, { original: { layer } }: LayerPair): LayerGraph {
  const plain = factsOf(layer)?.activation?.without(layer);
  return plain
    ? { ...original, layers: original.layers.map((each) => (each.name === layer.name ? plain : each)) }
    : original;
}
