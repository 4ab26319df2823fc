import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Format, ModelContent, ModelPlace } from '@tersor/core';
import { latin1 } from './model-place.js';
import { layersModelParts, readArtifacts, readLayersModel, writeModelFiles } from './model-files.js';

/** What TensorFlow.js and its converter write. */
export const layersModelFormat: Format = {
  id: 'layers-model',
  files: 'a LayersModel: model.json with its weight files, or their folder',
  recognises,
  read: readLayersModel,
  parts: layersModelParts,
  content,
  write: async (graph, folder) => {
    await writeModelFiles(graph, folder);
    return 'model.json';
  },
};

function recognises({ path, entries, head }: ModelPlace): boolean {
  if (entries) return entries.includes('model.json');
  const text = latin1(head);
  const isJson = /^(\xef\xbb\xbf)?\s*\{/.test(text);
  return isJson && (basename(path) === 'model.json' || text.includes('"modelTopology"'));
}

/**
 * The same for the same network in other files: weight files may be cut otherwise, JSON be laid out
 * otherwise.
 */
async function content(path: string): Promise<ModelContent> {
  const { json, weightSpecs, weightData } = await readArtifacts(path);
  return {
    topology: sha256(JSON.stringify([json.modelTopology, weightSpecs])),
    weights: sha256(new Uint8Array(weightData)),
  };
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
