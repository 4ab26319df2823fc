import { choleskyInPlace, invertPositiveDefinite, solveCholesky } from '@tersor/network';
import type { LayerInputs } from './refit/input-moments.js';
import type { LayerInformation } from './train-noise.js';

/** Euclidean norm of each slice of a layer. */
export function sliceNorms(inputs: LayerInputs): LayerInformation {
  const { kernel, taps, slices } = kernelOf(inputs);
  const scores = new Float64Array(slices);
  for (let at = 0; at < taps * slices; at++) scores[at % slices]! += kernel[at]! ** 2;
  return { slices: scores.map(Math.sqrt), inputMeans: channelMeans(inputs) };
}

/**
 * By how much the squared error of the layer's output rises when a slice goes and the other slices of the
 * same output make up for it: w_b' (P_bb)^-1 w_b, P the inverse of the inputs' second moments, b the rows of
 * the slice (Optimal Brain Surgeon: Hassibi and Stork 1993). Of a layer with too many inputs for moments of
 * its rows, kernel positions are taken for independent. Norms where there are no moments.
 */
export function sliceErrors(inputs: LayerInputs, ridge: number): LayerInformation {
  const { kernel, taps, slices } = kernelOf(inputs);
  const { moments, reader } = inputs;
  const inverse = moments && inverseOf(moments.products[0]!, moments.inputs, ridge);
  if (!moments || !inverse) return sliceNorms(inputs);
  const outputs = slices / reader.channels;
  const size = moments.inputs;
  const isWhole = size === taps * reader.channels;
  const scores = new Float64Array(slices);
  for (let channel = 0; channel < reader.channels; channel++) {
    const rows = Array.from({ length: isWhole ? taps : 1 }, (_, tap) => tap * reader.channels + channel);
    const block = Float64Array.from(rows.flatMap((i) => rows.map((j) => inverse[i * size + j]!)));
    if (!choleskyInPlace(block, rows.length)) continue;
    for (let output = 0; output < outputs; output++) {
      const slice = channel * outputs + output;
      for (let from = 0; from < taps; from += rows.length) {
        const weights = Float64Array.from(rows, (_, k) => kernel[(from + k) * slices + slice]!);
        const solution = weights.slice();
        solveCholesky(block, rows.length, solution, 1);
        weights.forEach((weight, k) => (scores[slice]! += weight * solution[k]!));
      }
    }
  }
  return { slices: scores, inputMeans: channelMeans(inputs) };
}

function kernelOf({ reader }: LayerInputs) {
  const { data } = reader.layer.weights.find(({ name }) => name === 'kernel')!;
  return { kernel: data, taps: reader.taps, slices: data.length / reader.taps };
}

/** Mean of each input channel, over kernel positions. */
function channelMeans({ mean, reader: { taps, channels } }: LayerInputs): Float64Array {
  const means = new Float64Array(channels);
  mean.forEach((value, row) => (means[row % channels]! += value / taps));
  return means;
}

function inverseOf(products: Float64Array, size: number, ridge: number): Float64Array | undefined {
  const loaded = products.slice();
  let trace = 0;
  for (let i = 0; i < size; i++) trace += products[i * size + i]!;
  for (let i = 0; i < size; i++) loaded[i * size + i]! += (ridge * trace) / size;
  return invertPositiveDefinite(loaded, size);
}
