import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  messageOf,
  TersorError,
  type EncodedTensor,
  type Format,
  type LayerGraph,
  type ModelMetadata,
  type WeightCodes,
} from '@tersor/core';
import {
  ArtifactError,
  decodeArtifact,
  MAGIC,
  modelFromArtifact,
  type DecodedArtifact,
  type DecodeOptions,
} from '@tersor/runtime';
import { GIVE_A_MODEL } from './foreign-formats.js';
import { withHostMemory } from '../graph/host-memory.js';
import { weightSlots } from '../graph/graph-weights.js';
import { disposeModel, graphFromModel } from '../graph/model-graph.js';

/** Tersor's packed file. Reading it decodes quantized weights to floats. */
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
  codes: (path) => decoded(path, codesOf, { codes: true }),
};

/** The codes by `layer/weight`. Arrays are in the file in the order of the network's weights. */
async function codesOf(artifact: DecodedArtifact): Promise<WeightCodes> {
  const slots = weightSlots(await graphOf(artifact));
  const codes = new Map<string, EncodedTensor>();
  for (const [i, { layer, weight }] of slots.entries()) {
    const tensor = artifact.weights[i]?.codes;
    if (tensor) codes.set(`${layer.name}/${weight.name}`, tensor);
  }
  return codes;
}

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

/** Throws `MODEL_NOT_FOUND` and the `ARTIFACT_...` codes of decoding. */
async function decoded<T>(
  path: string,
  use: (artifact: DecodedArtifact) => Promise<T>,
  options: DecodeOptions = {},
): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new TersorError('MODEL_NOT_FOUND', `The model ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: GIVE_A_MODEL,
    });
  }
  try {
    return await use(await decodeArtifact(bytes, options));
  } catch (error) {
    throw error instanceof ArtifactError
      ? new TersorError(error.code, `${path}: ${error.message}`, { cause: error })
      : error;
  }
}
