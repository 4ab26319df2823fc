import { factsOf, imagesAtOnce, partOf } from '@tersor/network';
import { elementCount, type Backend, type GraphLayer, type LayerGraph } from '@tersor/core';
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
  /** Images, one after the other. */
  readonly images: Float32Array;
  /** What the images run on. */
  readonly backend: Pick<Backend, 'observe'>;
  /** Bytes of intermediate results that may be kept from one batch norm to the next; 256 MiB when absent. */
  readonly memory?: number;
}

/** Images that run at once. */
const BATCH = 25;

/** Results of calls for a batch of images. */
type Results = ReadonlyMap<number, Float32Array>;

/** A batch norm that is called, with the statistics of its input. */
interface Site {
  readonly call: number;
  /** Name of the layer. */
  readonly norm: string;
  readonly moments: ChannelMoments;
}

/**
 * Re-estimates the moving mean and variance of every batch norm after a changed layer from the given images:
 * adaptive batch normalisation (EagleEye: Li et al., ECCV 2020). There the network
 * runs in training mode, each batch normalised by its own statistics, and running averages are taken. Here
 * the layers go in order, all images through one before the next: a batch norm gets the mean and (biased)
 * variance of its input over all images and positions, in the network whose earlier layers have their new
 * statistics. So the result depends on no batch size and no momentum, and takes a single forward pass:
 * what lies between two batch norms is kept. Where that is more than `memory`, it is computed again from the
 * last that was kept, with the same result.
 *
 * Batch norms whose input is what it was keep their statistics; where there are no others the result is
 * `graph` itself. A batch norm that is called several times gets the statistics of all its inputs together;
 * each call is computed with those of the calls so far.
 */
export async function reestimateBatchNorms(
  graph: LayerGraph,
  { changed, images, backend, memory = 2 ** 28 }: ReestimateOptions,
): Promise<LayerGraph> {
  const sites = findSites(graph, movedBatchNorms(graph, changed));
  if (sites.length === 0) return graph;
  const count = images.length / resultSize(graph, graph.inputs[0]!);
  const wanted = wantedCalls(graph, sites, memory / count);
  // The same for all sites, so that what was kept of a batch is what the next site reads.
  const atOnce = Math.min(...wanted.map(({ calls }) => imagesAtOnce(graph, calls, BATCH)));
  const batches = splitImages(images, atOnce * resultSize(graph, graph.inputs[0]!));
  let current = withLayerPerSite(graph, sites);
  let kept: readonly Results[] = batches.map(() => new Map());
  for (const [i, { call, norm, moments }] of sites.entries()) {
    const [read] = graph.calls[call]!.inputs as [number];
    const { calls, keeps } = wanted[i]!;
    const next: Results[] = [];
    await runCalls(current, calls, batches, kept, backend, (found) => {
      addInput(moments, found.get(read)!, graph.calls[read]!.outputShape, layerOf(graph, norm));
      if (keeps) next.push(found);
    });
    if (keeps) kept = next;
    current = withStatistics(current, new Map([[siteName(norm, call), meanAndVariance(moments)]]));
  }
  return withStatistics(graph, new Map(sites.map(({ norm, moments }) => [norm, meanAndVariance(moments)])));
}

/**
 * For each site, the calls whose results are wanted there: those that it and later calls read, where so many
 * bytes an image may be kept, else what it reads.
 */
function wantedCalls(
  graph: LayerGraph,
  sites: readonly Site[],
  bytes: number,
): { readonly calls: readonly number[]; readonly keeps: boolean }[] {
  const lastReaders = findLastReaders(graph, sites);
  return sites.map(({ call }) => {
    const alive = [...lastReaders]
      .filter(([each, last]) => each < call && last >= call)
      .map(([each]) => each);
    const keeps = alive.reduce((sum, each) => sum + 4 * resultSize(graph, each), 0) <= bytes;
    return { calls: keeps ? alive : [graph.calls[call]!.inputs[0]!], keeps };
  });
}

/** Calls of batch norms that get new statistics; those of one layer share what is summed up. */
function findSites(graph: LayerGraph, norms: ReadonlySet<string>): Site[] {
  const moments = new Map<string, ChannelMoments>();
  return graph.calls.flatMap(({ layer: norm }, call): Site[] => {
    if (!norms.has(norm)) return [];
    const { data } = layerOf(graph, norm).weights.find(({ name }) => name === 'moving_mean')!;
    const shared = moments.get(norm) ?? emptyMoments(data.length);
    moments.set(norm, shared);
    return [{ call, norm, moments: shared }];
  });
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

/** By call that some site needs: the last call that reads it and is needed, too. */
function findLastReaders(graph: LayerGraph, sites: readonly Site[]): Map<number, number> {
  const last = new Map<number, number>();
  const needed = new Set(sites.map(({ call }) => call));
  for (let call = Math.max(-1, ...needed); call >= 0; call--) {
    if (!needed.has(call)) continue;
    for (const input of graph.calls[call]!.inputs) {
      needed.add(input);
      if (!last.has(input)) last.set(input, call);
    }
  }
  return last;
}

/** The network with a layer of its own for each call of a batch norm: they may have different statistics. */
function withLayerPerSite(graph: LayerGraph, sites: readonly Site[]): LayerGraph {
  const names = new Map(sites.map(({ call, norm }) => [call, siteName(norm, call)]));
  const own = sites.map(({ call, norm }): GraphLayer => {
    const [layer, name] = [layerOf(graph, norm), siteName(norm, call)];
    return { ...layer, name, config: { ...layer.config, name } };
  });
  return {
    ...graph,
    layers: [...graph.layers, ...own],
    calls: graph.calls.map((each, call) => ({ ...each, layer: names.get(call) ?? each.layer })),
  };
}

function siteName(norm: string, call: number): string {
  return `${norm}/call-${call}`;
}

/**
 * Runs batches of images for the results of some calls, on what was kept of each: the shortcut past several
 * batch norms, for instance, stays as it is. `each` gets the results of one batch after the other.
 */
async function runCalls(
  graph: LayerGraph,
  wanted: readonly number[],
  batches: readonly Float32Array[],
  kept: readonly Results[],
  backend: Pick<Backend, 'observe'>,
  each: (results: Results) => void,
): Promise<void> {
  const known = [...kept[0]!.keys()];
  const asked = wanted.filter((call) => !known.includes(call));
  const part = partOf(graph, known, asked);
  const session = asked.length > 0 ? await backend.observe(part.graph, part.calls) : undefined;
  try {
    for (const [i, batch] of batches.entries()) {
      const before = kept[i]!;
      const found = await session?.run(...part.inputs.map((call) => before.get(call) ?? batch));
      each(new Map(wanted.map((call) => [call, before.get(call) ?? found![asked.indexOf(call)]!])));
    }
  } finally {
    session?.dispose();
  }
}

function splitImages(images: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: Math.ceil(images.length / size) }, (_, i) =>
    images.subarray(i * size, (i + 1) * size),
  );
}

function addInput(
  moments: ChannelMoments,
  input: Float32Array,
  outputShape: readonly (number | undefined)[],
  { config }: GraphLayer,
): void {
  const shape = outputShape as readonly number[];
  const whole = [input.length / elementCount(shape), ...shape];
  const axis = Number(config['axis'] ?? -1);
  addValues(moments, input, whole, axis < 0 ? whole.length + axis : axis);
}

/** The network with new statistics for the named layers. */
function withStatistics(graph: LayerGraph, statistics: ReadonlyMap<string, ChannelStatistics>): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => {
      const found = statistics.get(layer.name);
      return found
        ? {
            ...layer,
            weights: layer.weights.map((weight) =>
              isStatistic(weight.name) ? { ...weight, data: found[weight.name] } : weight,
            ),
          }
        : layer;
    }),
  };
}

function isStatistic(weight: string): weight is keyof ChannelStatistics {
  return weight === 'moving_mean' || weight === 'moving_variance';
}

function layerOf(graph: LayerGraph, name: string): GraphLayer {
  return graph.layers.find((layer) => layer.name === name)!;
}

function resultSize({ calls }: LayerGraph, call: number): number {
  return elementCount(calls[call]!.outputShape as readonly number[]);
}
