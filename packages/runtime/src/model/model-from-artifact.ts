import { tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { DecodedArtifact } from '../artifact/decode-artifact.js';
import { isRecord } from '../bytes/bounded-json.js';
import { buildModel, weightSetter } from './build-model.js';
import { describedInput, type ModelDescription } from './described-input.js';
import { requireBackend } from './require-backend.js';

/** A stock tfjs LayersModel, and what its file says about input and output, where it does. */
export type LoadedModel = LayersModel & ModelDescription;

/** Milliseconds of the thread that are taken at a time: half a frame. */
const SLICE = 8;

/**
 * Builds the LayersModel of a decoded file. Throws `ARTIFACT_CORRUPT` where topology and weights do not fit
 * each other, and then leaves no tensor behind; `BACKEND_UNAVAILABLE` where tfjs has no backend.
 */
export function modelFromArtifact(artifact: DecodedArtifact): Promise<LoadedModel> {
  return builtInSlices(artifact, async () => undefined);
}

/** As `modelFromArtifact`, and lets go of the thread by `pause` between its steps. */
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
    // LayersModel.dispose of tfjs 4.22 keeps the weights of a layer that is called more than once.
    for (const weight of model.weights) weight.read().dispose();
    throw error;
  }
  const own = metadata?.['userDefinedMetadata'];
  if (isRecord(own)) model.setUserDefinedMetadata(own);
  return Object.assign(model, describedInput(own));
}
