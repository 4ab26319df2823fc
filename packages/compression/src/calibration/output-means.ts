import { roundToFloat16, type LayerGraph } from '@tersor/core';
import { kernelOf, outputsOf, type KernelReader } from '@tersor/network';
import { SMALLEST_NORMAL, toHalfPrecision } from '../pack/half-precision.js';
import type { LayerMoments } from './layer-moments.js';

/**
 * How far the means of a layer's outputs have moved: those of the original less those of the quantized
 * network. Added to the outputs, it puts them right.
 * @param mean of the rows that the layer reads in the quantized network
 * @param originalMean the same in the original
 */
export function meanShift(
  original: KernelReader,
  quantized: KernelReader,
  mean: Float64Array,
  originalMean: Float64Array,
): Float64Array {
  const outputs = (reader: KernelReader, row: Float64Array) =>
    outputsOf(
      reader,
      row,
      reader.kernels.map(({ weight }) => kernelOf(reader, weight)),
    );
  const now = outputs(quantized, mean);
  return outputs(original, originalMean).map((value, o) => value - now[o]!);
}

/**
 * The network with shifts added to the outputs of layers: in their biases or, with the sign turned, in the
 * moving means of the batch norms after them; as they are stored, and in no more bytes than before. Layers
 * that have no place for one stay as they are, and so do those whose shift is not finite.
 */
export function withShifts(graph: LayerGraph, shifts: ReadonlyMap<KernelReader, Float64Array>): LayerGraph {
  const changes = new Map<string, { readonly shift: Float64Array; readonly sign: number }>();
  for (const [{ offset }, shift] of shifts)
    if (offset && shift.every(Number.isFinite))
      changes.set(`${offset.layer}/${offset.weight}`, { shift, sign: offset.sign });
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      const change = changes.get(`${layer.name}/${weight.name}`);
      return change ? { ...weight, data: shifted(weight.data, change.shift, change.sign) } : weight;
    }),
  }));
  return { ...graph, layers };
}

/**
 * Values that are stored in half precision stay so: a small one becomes 0 before it would take more bytes.
 */
function shifted(data: Float32Array, shift: Float64Array, sign: number): Float32Array {
  const moved = data.map((value, o) => value + sign * shift[o]!);
  if (data.some((value) => roundToFloat16(value) !== value)) return toHalfPrecision(moved);
  const halves = moved.map((value) => (Math.abs(value) < SMALLEST_NORMAL ? 0 : roundToFloat16(value)));
  return halves.every(Number.isFinite) ? halves : data;
}

/**
 * Corrects candidates of a search: networks with the layers of the original, some of which have other
 * kernels. The inputs are taken to be those of the original network.
 */
export function createMeanCorrection(
  moments: ReadonlyMap<string, LayerMoments>,
): (candidate: LayerGraph) => LayerGraph {
  // A search decodes a layer at a bit width once, and uses it in many candidates.
  const known = new WeakMap<Float32Array, Float64Array>();
  const shiftOf = (layer: LayerGraph['layers'][number], { reader, mean }: LayerMoments) => {
    const names = reader.kernels.map(({ weight }) => weight);
    const changed = { ...reader, layer };
    if (names.every((name) => kernelOf(changed, name) === kernelOf(reader, name))) return undefined;
    const key = names.length === 1 ? kernelOf(changed, names[0]!) : undefined;
    const shift = (key && known.get(key)) ?? meanShift(reader, changed, mean, mean);
    if (key) known.set(key, shift);
    return shift;
  };
  return (candidate) => {
    const shifts = new Map<KernelReader, Float64Array>();
    for (const layer of candidate.layers) {
      const found = moments.get(layer.name);
      const shift = found?.reader.offset && shiftOf(layer, found);
      if (shift) shifts.set(found!.reader, shift);
    }
    return withShifts(candidate, shifts);
  };
}
