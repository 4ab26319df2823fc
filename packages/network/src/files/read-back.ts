import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import {
  createRandom,
  elementCount,
  messageOf,
  TersorError,
  type Backend,
  type Dataset,
  type ErrorCode,
  type Format,
  type LayerGraph,
} from '@tersor/core';
import { loadModel } from '@tersor/runtime';
import { storedName, weightSlots } from '../graph/graph-weights.js';
import { ensureKernels } from '../graph/fallback-kernels.js';
import { withHostMemory } from '../graph/host-memory.js';
import { disposeModel, modelFromGraph } from '../graph/model-graph.js';
import { topologyOf } from '../graph/model-topology.js';

/** Number of images on which a network is compared with its written file. */
const IMAGES = 8;
/**
 * Allowed difference between an output and that of the evaluated network, relative to the largest output over
 * all images. Weights must be equal bit for bit. Outputs need not be: backends fold batch norms and fuse
 * layers, which changes rounding by about 1e-6, and the backend contract allows 1e-4. Ten times that is still
 * far below the effect of a layer that is computed differently.
 */
const TOLERANCE = 1e-3;

/** The evaluated network, which written files are compared with. */
export interface Witness {
  readonly graph: LayerGraph;
  /** Its outputs for some images; absent if it cannot be run, and only weights are compared. */
  readonly ran?: {
    readonly backend: Backend;
    readonly images: Float32Array;
    /** The first output, image by image. */
    readonly outputs: Float32Array;
  };
}

/** A file that was written. */
export interface WrittenFile {
  readonly path: string;
  /** Its name in messages: the path that it will have. */
  readonly name: string;
}

/**
 * Some validation images, or training images if there are none, evenly spaced. Throws what the data set
 * throws.
 */
export async function witnessImages(dataset: Dataset): Promise<Float32Array> {
  const split = dataset.size('validation') > 0 ? 'validation' : 'train';
  const size = dataset.size(split);
  const count = Math.min(IMAGES, size);
  const { images } = await dataset.read(
    split,
    Array.from({ length: count }, (_, i) => Math.floor((i * size) / count)),
  );
  return images;
}

/** Runs a network on images as evaluation does, and returns it with its outputs. */
export async function witness(graph: LayerGraph, backend: Backend, images: Float32Array): Promise<Witness> {
  return { graph, ran: { backend, images, outputs: await runSession(graph, backend, images) } };
}

/**
 * The same with random pixels, for a network without a known data set. A network that cannot be run on them
 * (open image sizes, words as input) has no outputs to compare.
 */
export async function witnessOfNoise(graph: LayerGraph, backend: Backend): Promise<Witness> {
  const shape = graph.calls[graph.inputs[0]!]!.outputShape;
  if (graph.inputs.length !== 1 || shape.some((size) => size === undefined)) return { graph };
  const random = createRandom(1, 'read-back');
  const images = Float32Array.from({ length: IMAGES * elementCount(shape as number[]) }, () =>
    random.uniform(),
  );
  return witness(graph, backend, images).catch(() => ({ graph }));
}

/**
 * Reads a model.json and its weight files with stock TensorFlow.js and compares weights and outputs with the
 * evaluated network. Throws `READ_BACK_FAILED` with file, layer and difference if they differ.
 */
export async function requireModelFile({ path, name }: WrittenFile, expected: Witness): Promise<void> {
  await requireSame(() => loadStock(path), expected, { what: name, code: 'READ_BACK_FAILED' });
}

/**
 * The same for a file of any format, read by its format and run by stock TensorFlow.js. Weights are compared
 * only if the format keeps layers.
 */
export async function requireReadBack(
  format: Format,
  { path, name }: WrittenFile,
  expected: Witness,
): Promise<void> {
  const load = async () => modelFromGraph(await format.read(path));
  await withHostMemory(() =>
    requireSame(load, expected, { what: name, code: 'READ_BACK_FAILED' }, format.keeps),
  );
}

/** The same for a packed file, read by `@tersor/runtime`. */
export async function requirePackedFile({ path, name }: WrittenFile, expected: Witness): Promise<void> {
  await requireSame(async () => loadModel(new Uint8Array(await readFile(path))), expected, {
    what: name,
    code: 'READ_BACK_FAILED',
  });
}

/**
 * Checks, before a search or training begins, that a network can be written: serializes it in memory and
 * reads it with stock TensorFlow.js. Throws `MODEL_UNSUPPORTED` if that gives another network.
 */
export async function requireWritable(expected: Witness, name: string): Promise<void> {
  const slots = weightSlots(expected.graph);
  const weightSpecs = slots.map(({ layer, weight }) => ({
    name: storedName(layer, weight.name),
    shape: [...weight.shape],
    dtype: 'float32' as const,
  }));
  const weightData = slots.map(({ weight }) => Float32Array.from(weight.data).buffer);
  const load = () =>
    layers.loadLayersModel({
      load: async () => ({
        modelTopology: topologyOf(expected.graph) as unknown as Record<string, unknown>,
        weightSpecs,
        weightData,
      }),
    });
  await requireSame(load, expected, {
    what: `What stock TensorFlow.js would read of ${name}`,
    code: 'MODEL_UNSUPPORTED',
  });
}

interface Complaint {
  /** What was read. */
  readonly what: string;
  readonly code: ErrorCode;
}

async function requireSame(
  load: () => Promise<layers.LayersModel>,
  expected: Witness,
  complaint: Complaint,
  keeps: Format['keeps'] = 'layers',
): Promise<void> {
  await ensureKernels();
  let model: layers.LayersModel;
  try {
    model = await load();
  } catch (cause) {
    throw failure(complaint, `cannot be loaded: ${messageOf(cause)}`, cause);
  }
  try {
    if (keeps === 'layers') await requireSameWeights(model, expected.graph, complaint);
    await requireSameOutputs(model, expected, complaint);
  } finally {
    disposeModel(model);
  }
}

async function requireSameWeights(
  model: layers.LayersModel,
  graph: LayerGraph,
  complaint: Complaint,
): Promise<void> {
  const read = new Map(model.layers.map((layer) => [layer.name, layer]));
  for (const { name, weights } of graph.layers) {
    const layer = read.get(name);
    if (!layer) throw failure(complaint, `has no layer "${name}"`);
    const values = layer.getWeights();
    if (values.length !== weights.length)
      throw failure(
        complaint,
        `has ${values.length} weight arrays in the layer "${name}", not ${weights.length}`,
      );
    for (const [i, weight] of weights.entries()) {
      const shape = values[i]!.shape.join('x');
      if (shape !== weight.shape.join('x'))
        throw failure(
          complaint,
          `has a ${weight.name} of ${shape} in the layer "${name}", not ${weight.shape.join('x')}`,
        );
      const data = await values[i]!.data();
      const at = weight.data.findIndex(
        (value, place) => value !== data[place] && !(Number.isNaN(value) && Number.isNaN(data[place])),
      );
      if (at >= 0)
        throw failure(
          complaint,
          `has ${data[at]} at position ${at} of ${weight.name} of the layer "${name}", not ${weight.data[at]}`,
        );
    }
  }
}

async function requireSameOutputs(
  model: layers.LayersModel,
  { graph, ran }: Witness,
  complaint: Complaint,
): Promise<void> {
  if (!ran) return;
  const { images, outputs } = ran;
  let found: Float32Array;
  try {
    found = (await runStock(model, graph, images))[0]!;
  } catch (cause) {
    throw failure(complaint, `cannot be run: ${messageOf(cause)}`, cause);
  }
  const difference = differenceOf(outputs, found);
  if (difference === undefined) return;
  const layer = (await firstDifferentLayer(model, graph, ran)) ?? graph.calls[graph.outputs[0]!]!.layer;
  throw failure(
    complaint,
    `gives other outputs than the evaluated network, from the layer "${layer}" on: ${difference}`,
  );
}

/** Describes the largest difference between outputs; undefined if all are within the tolerance. */
function differenceOf(expected: Float32Array, found: Float32Array): string | undefined {
  if (expected.length !== found.length) return `${found.length} values, not ${expected.length}`;
  const limit =
    TOLERANCE *
    expected.reduce(
      (largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest),
      1e-6,
    );
  let [worst, at] = [0, -1];
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(expected[i], found[i])) continue;
    const difference = Math.abs(expected[i]! - found[i]!);
    if (difference <= Math.max(limit, worst)) continue;
    [worst, at] = [Number.isNaN(difference) ? Infinity : difference, i];
  }
  return at < 0
    ? undefined
    : `${found[at]} instead of ${expected[at]} (output ${at}; a difference of ${limit.toPrecision(2)} is rounding)`;
}

/**
 * The first layer whose output differs between the session and the model that was read. Only called after a
 * difference was found.
 */
async function firstDifferentLayer(
  read: layers.LayersModel,
  graph: LayerGraph,
  { backend, images }: NonNullable<Witness['ran']>,
): Promise<string | undefined> {
  const calls = graph.calls.flatMap((_call, index) => (graph.inputs.includes(index) ? [] : [index]));
  try {
    const stock = await runStock(
      layers.model({ inputs: read.inputs, outputs: calls.map((call) => outputOf(read, graph, call)) }),
      graph,
      images,
    );
    for (const [i, call] of calls.entries()) {
      const own = await runSession({ ...graph, outputs: [call] }, backend, images);
      if (differenceOf(own, stock[i]!) !== undefined) return graph.calls[call]!.layer;
    }
    return undefined;
  } catch {
    // The layers cannot be compared one by one: the error names the last one.
    return undefined;
  }
}

/**
 * The output of a call of the graph in the model that was read. A shared layer has several calls, which are
 * in the same order in both.
 */
function outputOf(read: layers.LayersModel, { calls }: LayerGraph, call: number): layers.SymbolicTensor {
  const { layer } = calls[call]!;
  const node = calls.slice(0, call).filter((earlier) => earlier.layer === layer).length;
  return read.getLayer(layer).inboundNodes[node]!.outputTensors[0]!;
}

async function runSession(graph: LayerGraph, backend: Backend, images: Float32Array): Promise<Float32Array> {
  const session = await backend.compile(graph);
  try {
    return await session.run(images);
  } finally {
    session.dispose();
  }
}

/** All outputs of a stock model, on the active tfjs backend. */
async function runStock(
  model: layers.LayersModel,
  graph: LayerGraph,
  images: Float32Array,
): Promise<Float32Array[]> {
  const shape = graph.calls[graph.inputs[0]!]!.outputShape as number[];
  const count = images.length / elementCount(shape);
  const results = tf.tidy(
    () => [model.predictOnBatch(tf.tensor(images, [count, ...shape]))].flat() as tf.Tensor[],
  );
  try {
    return await Promise.all(results.map(async (result) => Float32Array.from(await result.data())));
  } finally {
    tf.dispose(results);
  }
}

/** Reads the folder as `loadLayersModel` of stock tfjs would from a server, without our own readers. */
async function loadStock(path: string): Promise<layers.LayersModel> {
  const json = JSON.parse(await readFile(path, 'utf8')) as {
    modelTopology: Record<string, unknown>;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  const files = await Promise.all(
    json.weightsManifest.flatMap(({ paths }) => paths.map((file) => readFile(join(dirname(path), file)))),
  );
  const { buffer } = Uint8Array.from(Buffer.concat(files));
  return layers.loadLayersModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: buffer,
    }),
  });
}

function failure({ what, code }: Complaint, problem: string, cause?: unknown): TersorError {
  const hint =
    code === 'READ_BACK_FAILED'
      ? 'Nothing was written. This is a bug in Tersor or in a plugin: please report it with the model.'
      : 'Nothing was started. Replace that layer.';
  return new TersorError(code, `${what} ${problem}.`, { cause, hint });
}
