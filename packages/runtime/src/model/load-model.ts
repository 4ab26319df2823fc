import { dispose, tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isRecord } from '../bytes/bounded-json.js';
import { buildModel, setWeights } from './build-model.js';
import type { ArtifactSource } from '../bytes/byte-source.js';
import { decodeArtifact, type DecodedArtifact, type DecodeOptions } from '../artifact/decode-artifact.js';

/** Anything that `loadModel` reads a packed file from. A string is fetched. */
export type ModelSource = ArtifactSource | Response | URL | string;

/**
 * Loads a packed file as a stock tfjs LayersModel; the caller disposes it. A backend must be there. Throws
 * `ArtifactError` as `decodeArtifact` does, and an Error where a URL cannot be fetched.
 *
 * @example
 * const model = await loadModel('model.tersor');
 * const scores = model.predict(images);
 */
export async function loadModel(source: ModelSource, options?: DecodeOptions): Promise<LayersModel> {
  return modelFromArtifact(await decodeArtifact(await openModelSource(source), options));
}

/**
 * Builds the LayersModel of a decoded file. Throws `ARTIFACT_CORRUPT` where topology and weights do not fit
 * each other, and then leaves no tensor behind.
 */
export async function modelFromArtifact({
  topology,
  weights,
  metadata,
}: DecodedArtifact): Promise<LayersModel> {
  const model = await buildModel(
    topology,
    weights.reduce((sum, { data }) => sum + data.length, 0),
  );
  const tensors = new Map(
    weights.map(({ name, shape, data }) => [name, tensor(data, [...shape], 'float32')]),
  );
  try {
    setWeights(model, tensors);
  } catch (error) {
    // LayersModel.dispose of tfjs 4.22 keeps the weights of a layer that is called more than once.
    for (const weight of model.weights) weight.read().dispose();
    throw error;
  } finally {
    dispose([...tensors.values()]);
  }
  const own = metadata?.['userDefinedMetadata'];
  if (isRecord(own)) model.setUserDefinedMetadata(own);
  return model;
}

async function openModelSource(source: ModelSource): Promise<ArtifactSource> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof ReadableStream)
    return source;
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok || !response.body)
    throw new Error(`${response.url} gives status ${response.status} and no model.`);
  return response.body;
}
