import { readFile } from 'node:fs/promises';
import { TersorError, type LayerGraph } from '@tersor/core';
import { ArtifactError, loadModel } from '@tersor/runtime';
import { disposeModel, graphFromModel } from './model-graph.js';
import { readModel } from './model-files.js';

/** Reads a LayersModel (`model.json`) or a packed file (`.tersor`). Throws the codes of `readModel`, or `ARTIFACT_CORRUPT` and its kin. */
export async function readNetwork(path: string): Promise<LayerGraph> {
  if (!path.endsWith('.tersor')) return readModel(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new TersorError('MODEL_NOT_FOUND', `There is no model at ${path}.`, { cause, hint: 'Give the path of a model.json or a .tersor file.' });
  }
  const model = await loadModel(bytes).catch((error: unknown) => {
    throw error instanceof ArtifactError ? new TersorError(error.code, `${path}: ${error.message}`, { cause: error }) : error;
  });
  try {
    return await graphFromModel(model);
  } finally {
    disposeModel(model);
  }
}
