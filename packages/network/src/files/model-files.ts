import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dispose, io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  isRecord,
  isTersorError,
  messageOf,
  requireFinite,
  TersorError,
  type LayerGraph,
  type ModelMetadata,
} from '@tersor/core';
import { buildModel, parseBoundedJson, setWeights } from '@tersor/runtime';
import { GRAPH_MODEL } from './foreign-formats.js';
import { withFrozenParts } from '../graph/frozen-layers.js';
import { storedName, weightSlots } from '../graph/graph-weights.js';
import { withHostMemory } from '../graph/host-memory.js';
import { keras2Topology } from './keras3-topology.js';
import { disposeModel, graphFromModel } from '../graph/model-graph.js';
import { topologyOf } from '../graph/model-topology.js';
import {
  parseManifest,
  readWeightFiles,
  weightCount,
  weightFiles,
  type WeightsManifest,
} from './weight-files.js';
import { weightTargets } from './weight-targets.js';
import { writeFolder } from './write-folder.js';
import type { WrittenFile } from './read-back.js';
import { notAModel, notFoundIn, placeOf } from './model-place.js';

/** Largest model.json, since it is read whole; those of real networks have a few MB. */
const MAX_JSON_BYTES = 1 << 26;

/** The parts of a `model.json` that are read. */
export interface ModelJson {
  modelTopology: Record<string, unknown>;
  weightsManifest: WeightsManifest;
  userDefinedMetadata?: unknown;
  signature?: unknown;
  convertedBy?: unknown;
  generatedBy?: unknown;
}

/**
 * Reads a LayersModel with a Keras 2 or Keras 3 topology, given by its `model.json` or its folder. Throws
 * `MODEL_NOT_FOUND`, `MODEL_INVALID` (not a LayersModel, truncated or missing weights) or
 * `MODEL_UNSUPPORTED`.
 */
export async function readLayersModel(path: string): Promise<LayerGraph> {
  const { json, weightSpecs, weightData } = await readArtifacts(path);
  const cannot = (cause: unknown): never => {
    if (isTersorError(cause)) throw cause;
    throw new TersorError('MODEL_INVALID', `${path} cannot be loaded as a LayersModel: ${messageOf(cause)}`, {
      cause,
    });
  };
  const topology = await Promise.resolve(json.modelTopology)
    .then(keras2Topology)
    .then(withFrozenParts)
    .catch(cannot);
  return withHostMemory(async () => {
    const model = await buildModel(topology, weightCount(weightSpecs)).catch(cannot);
    try {
      setStoredWeights(model, weightSpecs, weightData);
      const graph = await graphFromModel(model);
      const metadata = metadataOf(json);
      return { ...graph, ...(metadata && { metadata }) };
    } catch (cause) {
      return cannot(cause);
    } finally {
      disposeModel(model);
    }
  });
}

function setStoredWeights(model: LayersModel, specs: io.WeightsManifestEntry[], data: ArrayBuffer): void {
  const tensors = io.decodeWeights(data, specs);
  try {
    const own = specs.filter(({ group }) => group !== 'optimizer').map(({ name }) => name);
    const targets = weightTargets(model, own);
    setWeights(model, new Map(own.map((name, i) => [targets[i]!, tensors[name]!])));
  } finally {
    dispose(tensors);
  }
}

function metadataOf({ userDefinedMetadata, signature, convertedBy }: ModelJson): ModelMetadata | undefined {
  const metadata: ModelMetadata = {
    ...(isRecord(userDefinedMetadata) && { userDefinedMetadata }),
    ...(isRecord(signature) && { signature }),
    ...(typeof convertedBy === 'string' && { convertedBy }),
  };
  return Object.keys(metadata).length > 0 ? metadata : undefined;
}

/** Paths of a LayersModel's `model.json` and weight files. Throws like `readLayersModel`. */
export async function layersModelParts(path: string): Promise<string[]> {
  const model = await findJson(path);
  const { weightsManifest } = await readModelJson(model);
  return [model, ...(await weightFiles(model, weightsManifest)).flat().map((file) => file.path)];
}

/** Throws `WEIGHTS_NOT_FINITE`, naming the first weight that holds NaN or an infinite value. */
export function requireFiniteWeights(graph: LayerGraph, origin: string): void {
  const hint = 'The training that made it diverged, or the file is damaged. Use an earlier checkpoint.';
  for (const layer of graph.layers)
    for (const weight of layer.weights)
      requireFinite(`${origin}: ${layer.name}/${weight.name}`, weight.data, hint);
}

/**
 * Reads and checks the files of a LayersModel without building the network. Throws `MODEL_NOT_FOUND`,
 * `MODEL_INVALID`.
 */
export async function readArtifacts(
  path: string,
): Promise<{ json: ModelJson; weightSpecs: io.WeightsManifestEntry[]; weightData: ArrayBuffer }> {
  const model = await findJson(path);
  const json = await readModelJson(model);
  const files = await weightFiles(model, json.weightsManifest);
  const weightSpecs = json.weightsManifest.flatMap(({ weights }) => weights as io.WeightsManifestEntry[]);
  return { json, weightSpecs, weightData: await readWeightFiles(model, files.flat()) };
}

/** The path of the `model.json`: `path` itself, or the file in that folder. */
async function findJson(path: string): Promise<string> {
  const place = await placeOf(path);
  if (place.entries === undefined) return path;
  const inside = join(path, 'model.json');
  if (!place.entries.includes('model.json')) throw notFoundIn(place);
  await placeOf(inside);
  return inside;
}

/** Reads a `model.json` and checks that it has a topology and a valid manifest. Throws `MODEL_INVALID`. */
export async function readModelJson(path: string): Promise<ModelJson> {
  const invalid = (reason: string, cause?: unknown): TersorError =>
    new TersorError('MODEL_INVALID', `${path} is not a LayersModel: ${reason}`, {
      cause,
      hint: 'Tersor reads models written by LayersModel.save() or "tensorflowjs_converter --output_format=tfjs_layers_model".',
    });
  const { size } = await stat(path);
  if (size > MAX_JSON_BYTES)
    throw invalid(`it has ${size} bytes; a model.json has at most ${MAX_JSON_BYTES}.`);
  let json: unknown;
  try {
    json = parseBoundedJson(await readFile(path));
  } catch (error) {
    const { message, cause } = error as Error;
    throw invalid(cause instanceof Error ? `it is not JSON (${cause.message}).` : message, error);
  }
  if (!isRecord(json)) throw invalid('it is not a JSON object.');
  const { modelTopology } = json;
  // Converters before 2019 did not write the format.
  if (json['format'] === 'graph-model' || (isRecord(modelTopology) && Array.isArray(modelTopology['node'])))
    throw notAModel(path, GRAPH_MODEL);
  if (!isRecord(modelTopology)) throw invalid('it has no "modelTopology".');
  if (!Array.isArray(json['weightsManifest'])) throw invalid('it has no "weightsManifest".');
  return { ...json, modelTopology, weightsManifest: parseManifest(json['weightsManifest'], invalid) };
}

/** Content of a written model.json, without the weights manifest. */
export function modelJsonOf(graph: LayerGraph): Record<string, unknown> {
  const { convertedBy = null, ...metadata } = graph.metadata ?? {};
  return {
    format: 'layers-model',
    generatedBy: 'Tersor',
    convertedBy,
    ...metadata,
    modelTopology: topologyOf(graph),
  };
}

/**
 * Writes a graph as a LayersModel folder that stock tfjs loads: `model.json` and `weights.bin`, float32. The
 * `model.json` appears last; other files in the folder stay. `check` is called before anything is put in
 * place; if it throws, the folder is unchanged. Throws `OUTPUT_FAILED`.
 */
export async function writeModel(
  graph: LayerGraph,
  folder: string,
  check?: (file: WrittenFile) => Promise<void>,
): Promise<void> {
  await writeFolder(folder, { last: 'model.json', what: 'The model' }, async (staging) => {
    await writeModelFiles(graph, staging);
    await check?.({ path: join(staging, 'model.json'), name: join(folder, 'model.json') });
  });
}

/** Writes the two files of a LayersModel into an existing folder. Throws the error of the file system. */
export async function writeModelFiles(graph: LayerGraph, folder: string): Promise<void> {
  const weights = weightSlots(graph).map(({ layer, weight }) => ({
    ...weight,
    name: storedName(layer, weight.name),
  }));
  const entries = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = {
    ...modelJsonOf(graph),
    weightsManifest: [{ paths: ['weights.bin'], weights: entries }],
  };
  const bytes = Buffer.concat(
    weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
  await writeFile(join(folder, 'weights.bin'), bytes);
}
