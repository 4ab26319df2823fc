import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { disposeModel, factsOf, modelFromGraph } from '@tersor/network';
import type { GraphLayer, LayerGraph } from '@tersor/core';
import {
  addValues,
  emptyMoments,
  meanAndVariance,
  type ChannelMoments,
  type ChannelStatistics,
} from './channel-moments.js';

/** What the statistics are taken from. */
export interface ReestimateOptions {
  /** Layers that do not compute what they did: batch norms after them get new statistics. */
  readonly changed: ReadonlySet<string>;
  /** Images, one after the other: count x `imageShape`. */
  readonly images: Float32Array;
  readonly imageShape: readonly number[];
  /** Bytes of intermediate results that may be kept from one batch norm to the next; 256 MiB when absent. */
  readonly memory?: number;
}

/** Images that run at once. */
const BATCH = 25;

/** A network on its way through the images. */
interface Walk {
  readonly graph: LayerGraph;
  readonly model: LayersModel;
  readonly imageShape: readonly number[];
  /** By call: the last call that reads its result and that some batch norm in question needs. */
  readonly lastReaders: ReadonlyMap<number, number>;
  /** New statistics by call of a batch norm. */
  readonly statistics: Map<number, ChannelStatistics>;
}

/** Results that are still to be read, by call. */
type Results = Map<number, tf.Tensor>;

/**
 * Re-estimates the moving mean and variance of every batch norm after a changed layer from the given images,
 * on the active backend: adaptive batch normalisation (EagleEye: Li et al., ECCV 2020). There the network
 * runs in training mode, each batch normalised by its own statistics, and running averages are taken. Here
 * the layers go in order, all images through one before the next: a batch norm gets the mean and (biased)
 * variance of its input over all images and positions, in the network whose earlier layers have their new
 * statistics. So the result depends on no batch size and no momentum, and still takes a single forward pass:
 * what lies between two batch norms is kept. Where that is more than `memory`, it is computed again from the
 * last that was kept, with the same result.
 *
 * Batch norms whose input is what it was keep their statistics; where there are no others the result is
 * `graph` itself. A batch norm that is called several times gets the statistics of all its inputs together;
 * each call is computed with those of the calls so far.
 */
export async function reestimateBatchNorms(
  graph: LayerGraph,
  { changed, images, imageShape, memory = 2 ** 28 }: ReestimateOptions,
): Promise<LayerGraph> {
  const norms = movedBatchNorms(graph, changed);
  const sites = graph.calls.flatMap(({ layer }, call) => (norms.has(layer) ? [call] : []));
  if (sites.length === 0) return graph;
  const moments = new Map(
    graph.layers
      .filter(({ name }) => norms.has(name))
      .map((layer) => [
        layer.name,
        emptyMoments(layer.weights.find(({ name }) => name === 'moving_mean')!.data.length),
      ]),
  );
  const batches = splitImages(images, imageShape);
  const model = await modelFromGraph(graph);
  const walk: Walk = {
    graph,
    model,
    imageShape,
    lastReaders: findLastReaders(graph, sites),
    statistics: new Map(),
  };
  /** Of each batch, what the calls from `next` on read of those before. */
  const kept = batches.map((): Results => new Map());
  let next = 0;
  try {
    for (const site of sites) {
      const { layer, inputs } = graph.calls[site]!;
      const total = moments.get(layer)!;
      let keeps = true;
      for (const [i, batch] of batches.entries()) {
        const results = runCalls(walk, next, site, kept[i]!, batch);
        await addInput(total, results.get(inputs[0]!)!, layerOf(graph, layer));
        // No batch is larger than the first.
        if (i === 0) keeps = batches.length * bytesOf(results) <= memory;
        disposeAll(keeps ? kept[i]! : results);
        if (keeps) kept[i] = results;
      }
      if (keeps) next = site;
      walk.statistics.set(site, meanAndVariance(total));
    }
  } finally {
    kept.forEach(disposeAll);
    disposeModel(model);
  }
  return {
    ...graph,
    layers: graph.layers.map((layer) =>
      norms.has(layer.name) ? withStatistics(layer, meanAndVariance(moments.get(layer.name)!)) : layer,
    ),
  };
}

/**
 * Batch norms that read what comes from a changed layer, near or far. One that gets new statistics is a
 * changed layer itself, in all of its calls.
 */
function movedBatchNorms(graph: LayerGraph, changed: ReadonlySet<string>): Set<string> {
  const norms = new Set<string>();
  let before: number;
  do {
    before = norms.size;
    const moved: boolean[] = [];
    for (const { layer, inputs } of graph.calls) {
      const readsMoved = inputs.some((input) => moved[input]);
      if (readsMoved && factsOf(layerOf(graph, layer))?.statistics) norms.add(layer);
      moved.push(readsMoved || changed.has(layer) || norms.has(layer));
    }
  } while (norms.size > before);
  return norms;
}

function findLastReaders(graph: LayerGraph, sites: readonly number[]): Map<number, number> {
  const last = new Map<number, number>();
  const needed = new Set(sites);
  for (let call = sites.at(-1)!; call >= 0; call--) {
    if (!needed.has(call)) continue;
    for (const input of graph.calls[call]!.inputs) {
      needed.add(input);
      if (!last.has(input)) last.set(input, call);
    }
  }
  return last;
}

/**
 * Runs the calls `from..until-1` that are needed, on what was kept of those before: the results that `until`
 * and later calls read.
 */
function runCalls(
  { graph, model, imageShape, lastReaders, statistics }: Walk,
  from: number,
  until: number,
  kept: Results,
  images: Float32Array,
): Results {
  const results: Results = new Map([...kept].map(([call, tensor]) => [call, tf.clone(tensor)]));
  for (let call = from; call < until; call++) {
    if (!lastReaders.has(call)) continue;
    const { layer: name, inputs } = graph.calls[call]!;
    const layer = model.getLayer(name);
    const result = tf.tidy(() => {
      if (graph.inputs.includes(call))
        return tf.tensor(images, [images.length / sizeOf(imageShape), ...imageShape]);
      const given = statistics.get(call);
      // Set anew every time: the calls of one layer may have different ones.
      if (given)
        layerOf(graph, name).weights.forEach(
          (weight, i) => isStatistic(weight.name) && layer.weights[i]!.write(tf.tensor1d(given[weight.name])),
        );
      const tensors = inputs.map((input) => results.get(input)!);
      return layer.apply(tensors.length === 1 ? tensors[0]! : tensors) as tf.Tensor;
    });
    results.set(call, result);
    for (const input of inputs) {
      if (lastReaders.get(input) !== call) continue;
      results.get(input)?.dispose();
      results.delete(input);
    }
  }
  return results;
}

async function addInput(total: ChannelMoments, input: tf.Tensor, { config }: GraphLayer): Promise<void> {
  const axis = Number(config['axis'] ?? -1);
  addValues(total, await input.data(), input.shape, axis < 0 ? input.rank + axis : axis);
}

function splitImages(images: Float32Array, imageShape: readonly number[]): Float32Array[] {
  const size = BATCH * sizeOf(imageShape);
  return Array.from({ length: Math.ceil(images.length / size) }, (_, i) =>
    images.subarray(i * size, (i + 1) * size),
  );
}

function withStatistics(layer: GraphLayer, statistics: ChannelStatistics): GraphLayer {
  return {
    ...layer,
    weights: layer.weights.map((weight) =>
      isStatistic(weight.name) ? { ...weight, data: statistics[weight.name] } : weight,
    ),
  };
}

function isStatistic(weight: string): weight is keyof ChannelStatistics {
  return weight === 'moving_mean' || weight === 'moving_variance';
}

function layerOf(graph: LayerGraph, name: string): GraphLayer {
  return graph.layers.find((layer) => layer.name === name)!;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function bytesOf(results: Results): number {
  return [...results.values()].reduce((sum, { size }) => sum + 4 * size, 0);
}

function disposeAll(results: Results): void {
  tf.dispose([...results.values()]);
}
