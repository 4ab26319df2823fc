import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Format, ModelContent, ModelPlace } from '@tersor/core';
import { withHostMemory } from '../graph/host-memory.js';
import {
  layersModelParts,
  readArtifacts,
  readLayersModel,
  readModelJson,
  writeModelFiles,
} from './model-files.js';
import { latin1 } from './model-place.js';
import { requireModelFile } from './read-back.js';
import { withUint8Kernels, writeUint8Files } from './uint8-files.js';

/** How a LayersModel can store its kernels. */
export type StoredKernels = 'float32' | 'uint8';

/**
 * The LayersModel format of TensorFlow.js and its converter. `kernels` is how written models store theirs.
 */
export function createLayersModelFormat(kernels: StoredKernels): Format {
  const isUint8 = kernels === 'uint8';
  return {
    id: 'layers-model',
    files: 'a LayersModel: model.json with its weight files, or their folder',
    recognises,
    read: readLayersModel,
    parts: layersModelParts,
    content,
    ...(isUint8 && { stored: withUint8Kernels }),
    write: async (graph, folder) => {
      await (isUint8 ? writeUint8Files : writeModelFiles)(graph, folder);
      const path = join(folder, 'model.json');
      const stored = isUint8 ? withUint8Kernels(graph) : graph;
      // Users read it with stock TensorFlow.js, without our code.
      await withHostMemory(() => requireModelFile({ path, name: 'model.json' }, { graph: stored }));
      return 'model.json';
    },
    mayReplace: async (path) => (await readModelJson(path)).generatedBy === 'Tersor',
  };
}

/** The format with default options. */
export const layersModelFormat: Format = createLayersModelFormat('float32');

function recognises({ path, entries, head }: ModelPlace): boolean {
  if (entries) return entries.includes('model.json');
  const text = latin1(head);
  const isJson = /^(\xef\xbb\xbf)?\s*\{/.test(text);
  // A GraphModel has the same file name but no layers; a plugin reads it.
  const isGraph = /"format"\s*:\s*"graph-model"|"modelTopology"\s*:\s*\{\s*"node"\s*:/.test(text);
  if (isGraph) return false;
  return isJson && (basename(path) === 'model.json' || text.includes('"modelTopology"'));
}

/**
 * Hashes that do not depend on how weight files are split or JSON is formatted.
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
