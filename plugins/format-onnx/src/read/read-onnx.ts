import type { LayerGraph } from '@tersor/core';
import { parseModel, naming } from './file/parse-model.js';
import { lowered } from './lower.js';
import { withRounding } from './rounded-inputs.js';

/**
 * Reads an ONNX file as a network with channels last.
 * @param inputShape sizes of its input after the batch, in the order of the file, where that leaves them open
 */
export async function readOnnx(path: string, inputShape?: readonly number[]): Promise<LayerGraph> {
  try {
    return lowered(withRounding(await parseModel(path)), inputShape);
  } catch (error) {
    throw naming(path, error);
  }
}
