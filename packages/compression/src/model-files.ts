import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as layers from '@tensorflow/tfjs-layers';
import type { io } from '@tensorflow/tfjs-core';
import { TersorError, type LayerGraph } from '@tersor/core';
import { withFrozenParts } from './frozen-layers.js';
import { disposeModel, graphFromModel } from './model-graph.js';
import { topologyOf } from './model-topology.js';
import { moveInto } from './move-into.js';

/** `model.json`, as far as it is read. */
export interface ModelJson {
  format?: string;
  modelTopology?: Record<string, unknown>;
  weightsManifest?: { paths: string[]; weights: io.WeightsManifestEntry[] }[];
}

const BYTES_PER_VALUE: Record<string, number> = { float32: 4, int32: 4, uint8: 1, uint16: 2, float16: 2, bool: 1 };

/**
 * Reads a LayersModel folder (`model.json` and its weight files).
 * Throws `MODEL_NOT_FOUND`, `MODEL_INVALID` (not a LayersModel, truncated or missing weights) or `WEIGHTS_NOT_FINITE`.
 */
export async function readModel(path: string): Promise<LayerGraph> {
  const { json, weightSpecs, weightData } = await readArtifacts(path);
  let model: layers.LayersModel;
  try {
    model = await layers.loadLayersModel({ load: async () => ({ modelTopology: withFrozenParts(json.modelTopology!), weightSpecs, weightData }) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TersorError('MODEL_INVALID', `${path} cannot be loaded as a LayersModel: ${reason}`, { cause });
  }
  try {
    const graph = await graphFromModel(model);
    requireFinite(graph, path);
    return graph;
  } finally {
    disposeModel(model);
  }
}

/** Bytes of a LayersModel: its model.json and the weight files that it names. */
export async function folderBytes(modelPath: string): Promise<number> {
  const json = JSON.parse(await readFile(modelPath, 'utf8')) as { weightsManifest: { paths: string[] }[] };
  const files = json.weightsManifest.flatMap((group) => group.paths.map((path) => join(dirname(modelPath), path)));
  const sizes = await Promise.all([modelPath, ...files].map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Throws `WEIGHTS_NOT_FINITE`, naming the first weight that holds NaN or an infinite value. */
export function requireFinite(graph: LayerGraph, origin: string): void {
  for (const layer of graph.layers) {
    for (const weight of layer.weights) {
      const at = weight.data.findIndex((value) => !Number.isFinite(value));
      if (at < 0) continue;
      throw new TersorError('WEIGHTS_NOT_FINITE', `${origin}: ${layer.name}/${weight.name} holds ${weight.data[at]} at position ${at}.`, {
        hint: 'The training that made it diverged, or the file is damaged. Use an earlier checkpoint.',
      });
    }
  }
}

/** What a LayersModel's files hold, checked as `readModel` does, but not built. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID`. */
export async function readArtifacts(path: string): Promise<{ json: ModelJson; weightSpecs: io.WeightsManifestEntry[]; weightData: ArrayBuffer }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new TersorError('MODEL_NOT_FOUND', `There is no model at ${path}.`, { cause, hint: 'Give the path of a model.json.' });
  }
  const json = parseModelJson(text, path);
  const weightSpecs = json.weightsManifest!.flatMap((group) => group.weights);
  const chunks: Buffer[] = [];
  for (const group of json.weightsManifest!) {
    const files = await Promise.all(group.paths.map((file) => readWeightFile(join(dirname(path), file), path)));
    const expected = group.weights.reduce((sum, weight) => sum + entryBytes(weight), 0);
    const found = files.reduce((sum, file) => sum + file.length, 0);
    if (found !== expected) {
      throw new TersorError('MODEL_INVALID', `${path}: ${group.paths.join(', ')} hold ${found} bytes, but the manifest describes ${expected}.`, {
        hint: 'The weight files are truncated or belong to another model. Copy the folder again.',
      });
    }
    chunks.push(...files);
  }
  const all = Buffer.concat(chunks);
  return { json, weightSpecs, weightData: all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength) as ArrayBuffer };
}

function parseModelJson(text: string, path: string): ModelJson {
  const invalid = (reason: string): never => {
    throw new TersorError('MODEL_INVALID', `${path} is not a LayersModel: ${reason}`, {
      hint: 'Tersor reads what LayersModel.save() or "tensorflowjs_converter --output_format=tfjs_layers_model" writes.',
    });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return invalid(`it is not JSON (${(cause as Error).message}).`);
  }
  if (typeof json !== 'object' || json === null) return invalid('it is not a JSON object.');
  const model = json as ModelJson;
  if (model.format === 'graph-model') return invalid('it is a GraphModel, which has no layers.');
  if (typeof model.modelTopology !== 'object') return invalid('it has no "modelTopology".');
  if (!Array.isArray(model.weightsManifest)) return invalid('it has no "weightsManifest".');
  return model;
}

async function readWeightFile(file: string, model: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new TersorError('MODEL_INVALID', `${model} names the weight file ${file}, which cannot be read.`, { cause });
  }
}

function entryBytes(entry: io.WeightsManifestEntry): number {
  const dtype = entry.quantization?.dtype ?? entry.dtype;
  return entry.shape.reduce((product, size) => product * size, 1) * (BYTES_PER_VALUE[dtype] ?? 4);
}

/**
 * Writes a graph as a LayersModel folder that stock tfjs loads: `model.json` and `weights.bin`, float32. `model.json` appears when
 * all is there; other files of the folder stay. Throws `OUTPUT_FAILED`.
 */
export async function writeModel(graph: LayerGraph, folder: string): Promise<void> {
  const weights = graph.layers.flatMap((layer) => layer.weights.map((weight) => ({ ...weight, name: `${layer.name}/${weight.name}` })));
  const json = {
    format: 'layers-model',
    generatedBy: 'Tersor',
    convertedBy: null,
    modelTopology: topologyOf(graph),
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
  };
  const bytes = Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  const temporary = `${folder}.tmp-${process.pid}`;
  try {
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'model.json'), JSON.stringify(json));
    await writeFile(join(temporary, 'weights.bin'), bytes);
    await moveInto(temporary, folder, 'model.json');
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw new TersorError('OUTPUT_FAILED', `The model cannot be written to ${folder}: ${(cause as Error).message}`, { cause });
  }
}
