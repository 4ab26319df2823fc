import type { KernelReader } from '@tersor/network';
import type { LayerInputs } from './input-moments.js';

/** One group of a convolution in groups, seen as a layer of its own, and where it is in the whole one. */
export interface GroupInputs {
  readonly inputs: LayerInputs;
  /** Its first output channel. */
  readonly first: number;
  /** Its output channels. */
  readonly count: number;
}

/** What the groups of a layer read, group by group; a layer without groups is one. */
export function groupInputs(given: LayerInputs): GroupInputs[] {
  const { reader, moments, mean, originalMean } = given;
  const { groups, taps, layer } = reader;
  const kernel = layer.weights.find(({ name }) => name === 'kernel')!;
  const outputs = kernel.shape.at(-1)!;
  if (groups === 1) return [{ inputs: given, first: 0, count: outputs }];
  const [channels, count] = [reader.channels / groups, outputs / groups];
  return Array.from({ length: groups }, (_, group) => {
    const own = (values: Float64Array) =>
      Float64Array.from(
        { length: taps * channels },
        (_value, row) =>
          values[Math.floor(row / channels) * reader.channels + group * channels + (row % channels)]!,
      );
    const data = columnsOf(kernel.data, outputs, group * count, count);
    const shape = [...kernel.shape.slice(0, -1), count];
    const view: KernelReader = {
      ...reader,
      channels,
      groups: 1,
      layer: { ...layer, weights: [{ ...kernel, shape, data }] },
    };
    return {
      first: group * count,
      count,
      inputs: {
        reader: view,
        mean: own(mean),
        originalMean: own(originalMean),
        ...(moments && {
          moments: {
            ...moments,
            ...{ matrices: 1, matrixStride: 0, inputStride: count },
            products: [moments.products[group]!],
          },
        }),
      },
    };
  });
}

/** Some columns of a matrix. */
export function columnsOf(
  values: Float32Array,
  rowLength: number,
  first: number,
  count: number,
): Float32Array {
  const result = new Float32Array((values.length / rowLength) * count);
  for (let at = 0, from = first; at < result.length; at += count, from += rowLength)
    result.set(values.subarray(from, from + count), at);
  return result;
}

/** Writes them back. */
export function setColumns(
  values: Float32Array,
  rowLength: number,
  first: number,
  columns: Float32Array,
  count: number,
): void {
  for (let at = 0, to = first; at < columns.length; at += count, to += rowLength)
    values.set(columns.subarray(at, at + count), to);
}
