import {
  createRandom,
  elementCount,
  TersorError,
  type Backend,
  type Dataset,
  type LayerGraph,
} from '@tersor/core';
import {
  crossProductsOn,
  gatherKernelMoments,
  kernelReaders,
  startWalk,
  type Gathered,
  type KernelReader,
} from '@tersor/network';

/** What the moments of layers' inputs are gathered from. */
export interface MomentOptions {
  /** Training images, without their labels. */
  readonly images: number;
  /** Output positions of each image and layer. */
  readonly points: number;
  /** Layers with more inputs (kernel positions x channels) are refit position by position. */
  readonly maximumInputs: number;
  readonly seed: number;
}

/** A layer of the original network, and what it reads there. */
export interface LayerInputs extends Gathered {
  readonly reader: KernelReader;
}

/** Where the images come from, and what they run on. */
interface Source {
  readonly dataset: Dataset;
  readonly backend: Pick<Backend, 'observe' | 'compile' | 'crossProducts'>;
}

const BATCH = 25;

/**
 * Moments of what Conv2D and Dense layers read, from one pass over training images. Layers whose inputs have
 * an open size are left out. Throws `DATASET_INVALID` without training images.
 */
export async function gatherInputs(
  graph: LayerGraph,
  { dataset, backend }: Source,
  { images, points, maximumInputs, seed }: MomentOptions,
): Promise<Map<string, LayerInputs>> {
  const chosen = createRandom(seed, 'slices').permutation(dataset.size('train')).slice(0, images);
  if (chosen.length === 0)
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'The variational pruner refits layers on some; their labels are not used.',
    });
  const batches: Float32Array[] = [];
  for (let start = 0; start < chosen.length; start += BATCH)
    batches.push((await dataset.read('train', chosen.slice(start, start + BATCH))).images);
  const multiply = crossProductsOn(backend);
  const walk = startWalk({ graph, observe: (part, calls) => backend.observe(part, calls), images: batches });
  const inputs = new Map<string, LayerInputs>();
  for (const reader of kernelReaders(graph)) {
    const { kernels, layer } = reader;
    if (kernels.length > 1 || kernels[0]!.how !== 'mixes') continue;
    const calls = reader.calls.map((call) => graph.calls[call]!.inputs[0]!);
    if (calls.some((call) => graph.calls[call]!.outputShape.includes(undefined))) continue;
    const random = createRandom(seed, `slices/${layer.name}`);
    const read = async function* () {
      for await (const results of walk.read(calls))
        for (const [i, call] of calls.entries()) yield { own: asInput(graph, call, results[i]!) };
    };
    const options = { points, maximumInputs, random, multiply };
    const gathered = await gatherKernelMoments(reader, 'kernel', read(), options);
    inputs.set(layer.name, { ...gathered, reader });
  }
  return inputs;
}

/** A result as what a layer reads: features have one position. */
function asInput({ calls }: LayerGraph, call: number, data: Float32Array) {
  const shape = calls[call]!.outputShape as number[];
  const channels = shape.at(-1)!;
  const [height, width] = shape.length === 3 ? [shape[0]!, shape[1]!] : [elementCount(shape.slice(0, -1)), 1];
  const batch = data.length / (height * width * channels);
  return { data, shape: [batch, height, width, channels] as const };
}
