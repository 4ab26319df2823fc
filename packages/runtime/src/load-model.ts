import type { io } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { corrupt } from './artifact-error.js';
import './chained-operations.js';
import type { ArtifactSource } from './byte-source.js';
import { decodeArtifact, type DecodedArtifact, type DecodeOptions } from './decode-artifact.js';

/** Anything that `loadModel` reads a packed file from. A string is fetched. */
export type ModelSource = ArtifactSource | Response | URL | string;

/**
 * Loads a packed file as a stock tfjs LayersModel; the caller disposes it. A backend must be there. Throws `ArtifactError` as
 * `decodeArtifact` does, and an Error where a URL cannot be fetched.
 *
 * @example
 * const model = await loadModel('model.tersor');
 * const scores = model.predict(images);
 */
export async function loadModel(source: ModelSource, options?: DecodeOptions): Promise<LayersModel> {
  return modelFromArtifact(await decodeArtifact(await openModelSource(source), options));
}

/** Builds the LayersModel of a decoded file. Throws `ARTIFACT_CORRUPT` where topology and weights do not fit each other. */
export async function modelFromArtifact({ topology, weights }: DecodedArtifact): Promise<LayersModel> {
  const weightSpecs = weights.map(({ name, shape }): io.WeightsManifestEntry => ({ name, shape: [...shape], dtype: 'float32' }));
  const weightData = weights.map(({ data }) => data.buffer);
  try {
    return await loadLayersModel({ load: async () => ({ modelTopology: topology, weightSpecs, weightData }) });
  } catch (cause) {
    throw corrupt(`The file's topology and weights do not make a model: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

async function openModelSource(source: ModelSource): Promise<ArtifactSource> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof ReadableStream) return source;
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok || !response.body) throw new Error(`${response.url} gives status ${response.status} and no model.`);
  return response.body;
}
