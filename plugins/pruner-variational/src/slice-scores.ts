import type { LayerInputs } from './refit/input-moments.js';
import type { LayerInformation } from './train-noise.js';

/** Euclidean norm of each slice of a layer. */
export function sliceNorms(inputs: LayerInputs): LayerInformation {
  const { kernel, taps, slices } = kernelOf(inputs);
  const scores = new Float64Array(slices);
  for (let at = 0; at < taps * slices; at++) scores[at % slices]! += kernel[at]! ** 2;
  return { slices: scores.map(Math.sqrt), inputMeans: channelMeans(inputs), groups: inputs.reader.groups };
}

function kernelOf({ reader }: LayerInputs) {
  const { data } = reader.layer.weights.find(({ name }) => name === 'kernel')!;
  return { kernel: data, taps: reader.taps, slices: data.length / reader.taps };
}

/** Mean of each input channel, over kernel positions. */
export function channelMeans({ mean, reader: { taps, channels } }: LayerInputs): Float64Array {
  const means = new Float64Array(channels);
  mean.forEach((value, row) => (means[row % channels]! += value / taps));
  return means;
}
