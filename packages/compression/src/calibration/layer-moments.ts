import {
  createRandom,
  TersorError,
  type Calibration,
  type Dataset,
  type KernelMoments,
  type LayerGraph,
} from '@tersor/core';
import {
  gatherKernelMoments,
  kernelReaders,
  startWalk,
  type CrossProducts,
  type KernelReader,
  type LayerInput,
  type Observe,
  type ReaderInput,
  type Walk,
} from '@tersor/network';

/** Images that run at once. */
const BATCH = 25;

/** What the moments of layers' inputs are gathered from. */
export interface CalibrationSource {
  readonly observe: Observe;
  readonly multiply: CrossProducts;
  readonly options: Calibration;
  readonly seed: number;
  /** Batches of training images. */
  readonly images: readonly Float32Array[];
}

/** A layer of the original network with the statistics of its inputs there. */
export interface LayerMoments {
  readonly reader: KernelReader;
  /** By name of the kernel; those with too many inputs are absent. */
  readonly kernels: ReadonlyMap<string, KernelMoments>;
  /** Mean of the rows of the layer's input, (kernel position, channel). */
  readonly mean: Float64Array;
}

/** Images that probes look at where the quantizer does not say. */
const PROBE_IMAGES = 50;

/** Training images by what they are for: their places in the data set. */
export interface CalibrationImages {
  /** The pass over the winner. */
  readonly all: readonly number[];
  /** The codes of the search. */
  readonly search: readonly number[];
  /**
   * Probes of the outputs. Codes fit the images that they were chosen on better than any others, those of a
   * dense layer with few images for its inputs most of all, so probes need others. Where there are too few,
   * the search does without some; with less than four in all, probes look at the same.
   */
  readonly probes: readonly number[];
}

/** Draws training images by the seed. Throws `DATASET_INVALID` where there are none. */
export function drawCalibrationImages(
  dataset: Dataset,
  { images, weights, probeImages = PROBE_IMAGES }: Calibration,
  seed: number,
): CalibrationImages {
  const order = createRandom(seed, 'calibration').permutation(dataset.size('train'));
  if (order.length === 0) {
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'The quantizer\'s "calibrate" needs some; their labels are not used. Or leave it out.',
    });
  }
  const all = order.slice(0, images);
  const apart = weights === 'probed' ? Math.min(probeImages, Math.floor(order.length / 4)) : 0;
  if (apart === 0) return { all, search: all, probes: order.slice(0, probeImages) };
  const rest = order.length - apart;
  return { all, search: images <= rest ? all : all.slice(0, rest), probes: order.slice(rest) };
}

/** Reads these training images, in batches. */
export async function readCalibrationImages(
  dataset: Dataset,
  chosen: readonly number[],
): Promise<Float32Array[]> {
  const batches: Float32Array[] = [];
  for (let start = 0; start < chosen.length; start += BATCH)
    batches.push((await dataset.read('train', chosen.slice(start, start + BATCH))).images);
  return batches;
}

/** The layers among the named ones whose inputs can be observed, in the order of their first calls. */
export function readersAmong(graph: LayerGraph, layers: ReadonlySet<string>): KernelReader[] {
  return kernelReaders(graph).filter(
    ({ layer, calls }) =>
      layers.has(layer.name) &&
      calls.every((call) =>
        graph.calls[graph.calls[call]!.inputs[0]!]!.outputShape.every((size) => size !== undefined),
      ),
  );
}

/** Moments of the inputs of layers in one network, in one pass through it. */
export async function gatherLayerMoments(
  graph: LayerGraph,
  layers: ReadonlySet<string>,
  source: CalibrationSource,
  onLayer?: (done: number, total: number) => void,
): Promise<Map<string, LayerMoments>> {
  const walk = startWalk({ graph, observe: source.observe, images: source.images });
  const gathered = new Map<string, LayerMoments>();
  const readers = readersAmong(graph, layers);
  for (const reader of readers) {
    onLayer?.(gathered.size, readers.length);
    const kernels = new Map<string, KernelMoments>();
    let mean = new Float64Array();
    for (const { weight: kernel } of reader.kernels) {
      const found = await gatherKernelMoments(
        reader,
        kernel,
        ownInputs(walk, graph, reader),
        gatherOptions(source, reader),
      );
      if (found.moments) kernels.set(kernel, found.moments);
      mean = Float64Array.from(found.mean);
    }
    gathered.set(reader.layer.name, { reader, kernels, mean });
  }
  return gathered;
}

/** Every kernel of a layer is observed at the same positions. */
export function gatherOptions({ options, seed, multiply }: CalibrationSource, { layer }: KernelReader) {
  const { points, maximumInputs } = options;
  return { points, maximumInputs, random: createRandom(seed, `calibration/${layer.name}`), multiply };
}

async function* ownInputs(
  walk: Walk,
  graph: LayerGraph,
  { layer }: KernelReader,
): AsyncGenerator<ReaderInput> {
  const calls = inputsOf(graph, layer.name);
  for await (const results of walk.read(calls))
    for (const [i, call] of calls.entries()) yield { own: layerInput(graph, call, results[i]!) };
}

/** The calls that a layer reads: one for each of its own calls. */
export function inputsOf({ calls }: LayerGraph, layer: string): number[] {
  return calls.filter((call) => call.layer === layer).map(({ inputs }) => inputs[0]!);
}

/** A result as what a layer reads: features and sequences have a height or width of 1. */
export function layerInput({ calls }: LayerGraph, call: number, data: Float32Array): LayerInput {
  const shape = calls[call]!.outputShape as number[];
  const channels = shape.at(-1)!;
  const [height, width] =
    shape.length === 3 ? [shape[0]!, shape[1]!] : [shape.length === 2 ? shape[0]! : 1, 1];
  return { data, shape: [data.length / (height * width * channels), height, width, channels] };
}
