import type { KernelMoments, Random } from '@tersor/core';
import type { CrossProducts } from './cross-products.js';
import { depthwise, kernelOf, rowByGroup, type KernelReader } from './kernel-reader.js';
import { sampleRows, type LayerInput } from './sample-rows.js';

/** A batch of a layer's input in a network and, if that differs, in the original network. */
export interface ReaderInput {
  readonly own: LayerInput;
  readonly original?: LayerInput;
}

export interface GatherOptions {
  /** Output positions per image. */
  readonly points: number;
  readonly maximumInputs: number;
  /** Chooses the positions. */
  readonly random: Random;
  /** Matrix multiplication: `crossProductsOn` a backend. */
  readonly multiply: CrossProducts;
}

/** Statistics of the input of one kernel. */
export interface Gathered {
  /** Absent if there are more inputs than `maximumInputs`. */
  readonly moments?: KernelMoments;
  /** Mean of the rows of the layer's input, (kernel position, channel). */
  readonly mean: Float64Array;
  /** The same in the original network. */
  readonly originalMean: Float64Array;
}

/** How the rows of one kernel's input make up its moments. */
interface Shape {
  readonly matrices: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly matrixStride: number;
  readonly inputStride: number;
  /** Whether each matrix has its own inputs (depthwise or grouped), or all share them. */
  readonly isSeparate: boolean;
}

interface Sums {
  readonly mean: Float64Array;
  readonly originalMean: Float64Array;
  /** Sums of the kernel's inputs for all matrices, and the same in the original network. */
  readonly inputs: Float64Array;
  readonly originals: Float64Array;
  readonly products: Float64Array;
  readonly cross: Float64Array;
  rows: number;
  hasOriginals: boolean;
}

/**
 * Computes the moments of the input of one kernel of a layer, over batches of the layer's input.
 * @param kernel name of the kernel
 * @param original the layer in the original network, for the second kernel of a separable convolution
 */
export async function gatherKernelMoments(
  reader: KernelReader,
  kernel: string,
  batches: AsyncIterable<ReaderInput>,
  { points, maximumInputs, random, multiply }: GatherOptions,
  original: KernelReader = reader,
): Promise<Gathered> {
  const shape = shapeOf(reader, kernel, maximumInputs);
  const rowSize = reader.taps * reader.channels;
  let sums: Sums | undefined;
  for await (const batch of batches) {
    const positions = random.save();
    const rows = sampleRows(batch.own, reader.window, points, random);
    random.load(positions);
    const others = batch.original && sampleRows(batch.original, reader.window, points, random);
    sums ??= emptySums(rowSize, shape);
    addMean(sums.mean, rows);
    addMean(sums.originalMean, others ?? rows);
    sums.rows += rows.length / rowSize;
    sums.hasOriginals ||= others !== undefined;
    if (shape)
      await addProducts(
        sums,
        shape,
        multiply,
        inputRows(reader, kernel, shape, rows),
        others && inputRows(original, kernel, shape, others),
      );
  }
  if (!sums || sums.rows === 0)
    return { mean: new Float64Array(rowSize), originalMean: new Float64Array(rowSize) };
  const { rows } = sums;
  const means = {
    mean: sums.mean.map((value) => value / rows),
    originalMean: sums.originalMean.map((value) => value / rows),
  };
  return shape ? { ...means, moments: momentsOf(sums, shape, isCentered(reader, kernel)) } : means;
}

/** Whether moments are centered: if an offset can correct the mean, which only follows the last kernel. */
function isCentered({ offset, kernels }: KernelReader, kernel: string): boolean {
  return offset !== undefined && kernel === kernels.at(-1)!.weight;
}

function shapeOf(reader: KernelReader, kernel: string, maximumInputs: number): Shape | undefined {
  const { taps, channels } = reader;
  const size = kernelOf(reader, kernel).length;
  if (kernel === 'depthwise_kernel') {
    const outputs = size / taps / channels;
    return {
      matrices: channels,
      inputs: taps,
      outputs,
      matrixStride: outputs,
      inputStride: channels * outputs,
      isSeparate: true,
    };
  }
  const { groups } = reader;
  if (groups > 1) {
    const inputs = (taps * channels) / groups;
    const outputs = size / inputs / groups;
    if (inputs > maximumInputs) return undefined;
    return {
      matrices: groups,
      inputs,
      outputs,
      matrixStride: outputs,
      inputStride: outputs * groups,
      isSeparate: true,
    };
  }
  const inputs =
    kernel === 'pointwise_kernel' ? kernelOf(reader, 'depthwise_kernel').length / taps : taps * channels;
  const outputs = size / inputs;
  if (inputs <= maximumInputs)
    return { matrices: 1, inputs, outputs, matrixStride: 0, inputStride: outputs, isSeparate: false };
  if (kernel === 'pointwise_kernel' || channels > maximumInputs || taps === 1) return undefined;
  return {
    matrices: taps,
    inputs: channels,
    outputs,
    matrixStride: channels * outputs,
    inputStride: outputs,
    isSeparate: false,
  };
}

/**
 * The rows that a kernel reads: those of the layer's input, or results of a separable layer's first kernel.
 */
function inputRows(reader: KernelReader, kernel: string, shape: Shape, rows: Float32Array): Float32Array {
  const { taps, channels, groups } = reader;
  if (groups > 1) {
    const result = rows.slice();
    for (let at = 0; at < rows.length; at += taps * channels)
      result.set(rowByGroup(rows.subarray(at, at + taps * channels), reader), at);
    return result;
  }
  if (kernel !== 'pointwise_kernel') return rows;
  const first = kernelOf(reader, 'depthwise_kernel');
  const count = rows.length / taps / channels;
  const result = new Float32Array(count * shape.inputs);
  for (let i = 0; i < count; i++)
    result.set(
      depthwise(rows.subarray(i * taps * channels, (i + 1) * taps * channels), first, taps, channels),
      i * shape.inputs,
    );
  return result;
}

function emptySums(rowSize: number, shape: Shape | undefined): Sums {
  const separate = shape?.isSeparate ? shape.matrices : 1;
  const inputs = shape ? shape.inputs : 0;
  return {
    mean: new Float64Array(rowSize),
    originalMean: new Float64Array(rowSize),
    inputs: new Float64Array(separate * inputs),
    originals: new Float64Array(separate * inputs),
    products: new Float64Array(separate * inputs * inputs),
    cross: new Float64Array(separate * inputs * inputs),
    rows: 0,
    hasOriginals: false,
  };
}

function addMean(sums: Float64Array, rows: Float32Array): void {
  const n = sums.length;
  for (let from = 0; from < rows.length; from += n) for (let i = 0; i < n; i++) sums[i]! += rows[from + i]!;
}

/** Adds x x' and x y' of every row. */
async function addProducts(
  sums: Sums,
  shape: Shape,
  multiply: CrossProducts,
  rows: Float32Array,
  originals?: Float32Array,
): Promise<void> {
  if (shape.isSeparate) return addSeparate(sums, shape, rows, originals);
  addMean(sums.inputs, rows);
  if (originals) addMean(sums.originals, originals);
  const others = originals ? [rows, originals] : [rows];
  const [products, cross] = await multiply(rows, others, rows.length / shape.inputs);
  addTo(sums.products, products!);
  if (cross) addTo(sums.cross, cross);
}

/**
 * The same for matrices with separate inputs: input i of matrix p is column i * matrices + p.
 */
function addSeparate(
  sums: Sums,
  { matrices, inputs: n }: Shape,
  rows: Float32Array,
  originals?: Float32Array,
): void {
  const size = matrices * n;
  for (let from = 0; from < rows.length; from += size) {
    for (let p = 0; p < matrices; p++) {
      for (let i = 0; i < n; i++) {
        const value = rows[from + i * matrices + p]!;
        sums.inputs[p * n + i]! += value;
        if (originals) sums.originals[p * n + i]! += originals[from + i * matrices + p]!;
        if (value === 0) continue;
        const to = (p * n + i) * n;
        for (let j = 0; j < n; j++) {
          const column = from + j * matrices + p;
          sums.products[to + j]! += value * rows[column]!;
          if (originals) sums.cross[to + j]! += value * originals[column]!;
        }
      }
    }
  }
}

function addTo(sums: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
}

function momentsOf(sums: Sums, shape: Shape, isCentered: boolean): KernelMoments {
  const { matrices, inputs: n, outputs, matrixStride, inputStride, isSeparate } = shape;
  const count = isSeparate ? matrices : 1;
  // If kernel positions are separate matrices, each of them contributes a row.
  const rows = isSeparate ? sums.rows : sums.rows * matrices;
  const average = (products: Float64Array, others: Float64Array, p: number) =>
    Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      const shift = isCentered ? (sums.inputs[p * n + i]! * others[p * n + j]!) / rows ** 2 : 0;
      return products[p * n * n + at]! / rows - shift;
    });
  const all = Array.from({ length: count }, (_, p) => p);
  return {
    matrices,
    inputs: n,
    outputs,
    matrixStride,
    inputStride,
    products: all.map((p) => symmetric(average(sums.products, sums.inputs, p), n)),
    ...(sums.hasOriginals && { cross: all.map((p) => average(sums.cross, sums.originals, p)) }),
  };
}

/** Makes a matrix symmetric again after rounding, with a non-negative diagonal. */
function symmetric(matrix: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    // With a large mean and little variation, rounding can make the variance negative.
    matrix[i * n + i] = Math.max(0, matrix[i * n + i]!);
    for (let j = 0; j < i; j++)
      matrix[i * n + j] = matrix[j * n + i] = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
  }
  return matrix;
}
