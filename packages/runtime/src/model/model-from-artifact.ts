import { tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { DecodedArtifact } from '../artifact/decode-artifact.js';
import { isRecord } from '../bytes/bounded-json.js';
import { buildModel, weightSetter } from './build-model.js';
import { describedInput, type ModelDescription } from './described-input.js';
import { requireBackend } from './require-backend.js';

/** A stock tfjs LayersModel, with the description of input and output in its file, if there is one. */
export type LoadedModel = LayersModel & ModelDescription;

/** Milliseconds to work before yielding the thread: half a frame. */
const SLICE = 8;

/**
 * Builds the LayersModel of a decoded file. Throws `ARTIFACT_CORRUPT` if topology and weights do not match,
 * leaving no tensors behind; `BACKEND_UNAVAILABLE` if tfjs has no backend.
 */
export function modelFromArtifact(artifact: DecodedArtifact): Promise<LoadedModel> {
  return builtInSlices(artifact, async () => undefined);
}

/** Like `modelFromArtifact`, but yields the thread with `pause` between its steps. */
export async function builtInSlices(
  { topology, weights, metadata }: DecodedArtifact,
  pause: () => Promise<void>,
): Promise<LoadedModel> {
  await requireBackend();
  const model = await buildModel(
    topology,
    weights.reduce((sum, { data }) => sum + data.length, 0),
    { first: 'unset', pause },
  );
  try {
    await pause();
    const setter = weightSetter(model);
    let last = performance.now();
    for (const { name, shape, data } of weights) {
      const values = tensor(data, [...shape], 'float32');
      try {
        setter.set(name, values);
      } finally {
        values.dispose();
      }
      if (performance.now() - last < SLICE) continue;
      await pause();
      last = performance.now();
    }
    setter.end();
  } catch (error) {
    // LayersModel.dispose of tfjs 4.22 leaks the weights of a layer that is called more than once.
    for (const weight of model.weights) weight.read().dispose();
    throw error;
  }
  const own = metadata?.['userDefinedMetadata'];
  if (isRecord(own)) model.setUserDefinedMetadata(own);
  return Object.assign(model, describedInput(own));
}
