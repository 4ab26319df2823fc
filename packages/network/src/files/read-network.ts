import { readFile } from 'node:fs/promises';
import { messageOf, TersorError, type LayerGraph, type ModelMetadata } from '@tersor/core';
import { ArtifactError, decodeArtifact, modelFromArtifact } from '@tersor/runtime';
import { ensureKernels } from '../graph/fallback-kernels.js';
import { disposeModel, graphFromModel } from '../graph/model-graph.js';
import { readModel } from './model-files.js';
import { recogniseModel } from './recognise-model.js';

/**
 * Reads a LayersModel (`model.json`, or its folder) or a packed file, told apart by what they hold.
 * Throws the codes of `readModel`, or `ARTIFACT_CORRUPT` and its kin.
 */
export async function readNetwork(path: string): Promise<LayerGraph> {
  const found = await recogniseModel(path);
  if (found.kind === 'json') return readModel(found.path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(found.path);
  } catch (cause) {
    throw new TersorError('MODEL_NOT_FOUND', `The model ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Give the path of a model.json or a .tersor file.',
    });
  }
  try {
    const artifact = await decodeArtifact(bytes);
    await ensureKernels();
    const model = await modelFromArtifact(artifact);
    try {
      const graph = await graphFromModel(model);
      return { ...graph, ...(artifact.metadata && { metadata: artifact.metadata as ModelMetadata }) };
    } finally {
      disposeModel(model);
    }
  } catch (error) {
    throw error instanceof ArtifactError
      ? new TersorError(error.code, `${path}: ${error.message}`, { cause: error })
      : error;
  }
}
