import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, TersorError, type Format, type LayerGraph, type ModelMetadata } from '@tersor/core';
import {
  ArtifactError,
  decodeArtifact,
  MAGIC,
  modelFromArtifact,
  type DecodedArtifact,
} from '@tersor/runtime';
import { withHostMemory } from '../graph/host-memory.js';
import { disposeModel, graphFromModel } from '../graph/model-graph.js';

/** The packed file of Tersor, whose codes are read as the float weights that they stand for. */
export const packedFormat: Format = {
  id: 'tersor',
  files: 'a packed .tersor file',
  recognises: ({ entries, head }) => !entries && MAGIC.every((byte, i) => head[i] === byte),
  read: (path) => decoded(path, graphOf),
  content: (path) =>
    decoded(path, async ({ topology, weights }) => {
      const hash = createHash('sha256');
      for (const { data } of weights) hash.update(new Uint8Array(data.buffer));
      const shapes = weights.map(({ name, shape }) => [name, shape]);
      return {
        topology: createHash('sha256')
          .update(JSON.stringify([topology, shapes]))
          .digest('hex'),
        weights: hash.digest('hex'),
      };
    }),
};

async function graphOf(artifact: DecodedArtifact): Promise<LayerGraph> {
  return withHostMemory(async () => {
    const model = await modelFromArtifact(artifact);
    try {
      const graph = await graphFromModel(model);
      return { ...graph, ...(artifact.metadata && { metadata: artifact.metadata as ModelMetadata }) };
    } finally {
      disposeModel(model);
    }
  });
}

/** Throws `MODEL_NOT_FOUND`, `ARTIFACT_CORRUPT` and its kin. */
async function decoded<T>(path: string, use: (artifact: DecodedArtifact) => Promise<T>): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new TersorError('MODEL_NOT_FOUND', `The model ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Give the path of a model.json or a .tersor file.',
    });
  }
  try {
    return await use(await decodeArtifact(bytes));
  } catch (error) {
    throw error instanceof ArtifactError
      ? new TersorError(error.code, `${path}: ${error.message}`, { cause: error })
      : error;
  }
}
