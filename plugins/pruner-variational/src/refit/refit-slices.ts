import * as tf from '@tensorflow/tfjs-core';
import type { ChannelGroup, LayerGraph, PrunePlan } from '@tersor/core';
import { withSomeWeights } from '@tersor/network';
import { columnsOf, groupInputs, setColumns } from './group-inputs.js';
import type { LayerInputs } from './input-moments.js';
import { maskedLeastSquares } from './masked-least-squares.js';
import { survivingChannels, type Survivors } from './surviving-channels.js';

export interface RefitOptions {
  /** Ridge that pulls to the original weights, as a share of the mean square of the inputs. */
  readonly ridge: number;
  /** Steps of conjugate gradients. */
  readonly steps: number;
}

/** The network before anything was pruned, and what its layers read. */
export interface Original {
  readonly graph: LayerGraph;
  readonly groups: readonly ChannelGroup[];
  readonly inputs: ReadonlyMap<string, LayerInputs>;
}

/**
 * Refits every layer that a plan takes kernel slices from, so that it puts out what the original one did on
 * the original's inputs, as well as what is left of its slices and inputs can (least squares). Slices that
 * are zero stay zero. A shift of the outputs' means goes into the bias, or the batch norm after the layer.
 * @param graph what all pruners have left
 */
export async function refitSlices(
  graph: LayerGraph,
  plan: PrunePlan,
  { graph: clean, groups, inputs }: Original,
  options: RefitOptions,
): Promise<LayerGraph> {
  const names = new Set(
    plan.flatMap(({ zeroSlices = [] }) =>
      zeroSlices.flatMap(({ layer, slices }) => (slices.length > 0 ? [layer] : [])),
    ),
  );
  if (names.size === 0) return graph;
  const survivors = survivingChannels(clean, groups, plan);
  const changed = new Map<string, Float32Array>();
  for (const name of names) {
    const kernel = weightOf(graph, name, 'kernel');
    const left = survivors.get(name);
    const read = inputs.get(name);
    if (!kernel || !left || !read?.moments) continue;
    const { taps, channels, groups, offset } = read.reader;
    const rowLength = weightOf(clean, name, 'kernel')!.length / taps / (channels / groups);
    // A network that the plan alone does not make: its weights are not these channels'.
    if (kernel.length !== taps * left.inputs.length * left.outputs.length) continue;
    const refit = Float32Array.from(kernel);
    const lost = new Float64Array(left.outputs.length);
    for (const { inputs: own, first, count } of groupInputs(read)) {
      const at = left.outputs.findIndex((output) => output >= first);
      const outputs = left.outputs.filter((output) => output >= first && output < first + count);
      if (outputs.length === 0) continue;
      const wanted = chosenColumns(weightOf(clean, name, 'kernel')!, rowLength, outputs);
      const part = columnsOf(kernel, left.outputs.length, at, outputs.length);
      const result = await refitLayer(part, wanted, own, { ...left, outputs }, options);
      setColumns(refit, left.outputs.length, at, result, outputs.length);
      lost.set(lostMeans(own, { ...left, outputs }, wanted, result), at);
    }
    changed.set(`${name}/kernel`, refit);
    const before = offset && weightOf(clean, offset.layer, offset.weight);
    const place = offset && weightOf(graph, offset.layer, offset.weight);
    if (!before || place?.length !== left.outputs.length) continue;
    const sign = offset.weight === 'bias' ? 1 : -1;
    changed.set(
      `${offset.layer}/${offset.weight}`,
      Float32Array.from(left.outputs, (output, i) => before[output]! + sign * lost[i]!),
    );
  }
  return withSomeWeights(graph, changed);
}

/** Kernel of a layer that has lost slices: taps x inputs left x outputs left. */
async function refitLayer(
  kernel: Float32Array,
  wanted: Float32Array,
  { reader: { taps, channels }, moments }: LayerInputs,
  { inputs, outputs }: Survivors,
  { ridge, steps }: RefitOptions,
): Promise<Float32Array> {
  const size = moments!.inputs;
  const [products] = moments!.products as [Float64Array];
  const isWhole = size === taps * channels;
  // Moments of the channels alone: kernel positions are problems of their own, as further outputs.
  const rows = isWhole ? rowsLeft(taps, channels, inputs) : inputs;
  const loaded = withRidge(products, size, ridge);
  const kept = rows.length;
  const parts = isWhole ? 1 : taps;
  const turn = (values: Float32Array, length: number) =>
    isWhole ? values : columnsByRow(values, taps, length, outputs.length);
  const start = turn(kernel, kept);
  const result = await maskedLeastSquares({
    moments: Float32Array.from(
      { length: kept * kept },
      (_, at) => loaded[rows[Math.floor(at / kept)]! * size + rows[at % kept]!]!,
    ),
    target: await productOf(loaded, size, rows, turn(wanted, size), parts * outputs.length),
    mask: turn(sliceMask(kernel, taps), kept),
    start,
    kept,
    outputs: parts * outputs.length,
    steps,
  });
  return isWhole ? result : rowsByColumn(result, taps, kept, outputs.length);
}

/** Rows of an original kernel, (kernel position, channel), that are left. */
function rowsLeft(taps: number, channels: number, inputs: readonly number[]): number[] {
  return Array.from({ length: taps }, (_, tap) => inputs.map((input) => tap * channels + input)).flat();
}

function withRidge(products: Float64Array, size: number, ridge: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += products[i * size + i]!;
  const loaded = products.slice();
  for (let i = 0; i < size; i++) loaded[i * size + i]! += (ridge * trace) / size;
  return loaded;
}

/** M_S: W: what the inputs that are left have in common with the outputs that are wanted. */
async function productOf(
  moments: Float64Array,
  size: number,
  rows: readonly number[],
  kernel: Float32Array,
  outputs: number,
): Promise<Float32Array> {
  const chosen = new Float32Array(rows.length * size);
  rows.forEach((row, i) => chosen.set(moments.subarray(row * size, (row + 1) * size), i * size));
  const result = tf.tidy(() =>
    tf.matMul(tf.tensor2d(chosen, [rows.length, size]), tf.tensor2d(kernel, [size, outputs])),
  );
  try {
    return (await result.data()) as Float32Array;
  } finally {
    result.dispose();
  }
}

/** 1 for values of slices that are not all zero. */
function sliceMask(kernel: Float32Array, taps: number): Float32Array {
  const slices = kernel.length / taps;
  const used = new Uint8Array(slices);
  kernel.forEach((value, at) => value !== 0 && (used[at % slices] = 1));
  return kernel.map((_, at) => used[at % slices]!);
}

function chosenColumns(values: Float32Array, rowLength: number, columns: readonly number[]): Float32Array {
  return Float32Array.from(
    { length: (values.length / rowLength) * columns.length },
    (_, at) => values[Math.floor(at / columns.length) * rowLength + columns[at % columns.length]!]!,
  );
}

/** (kernel position, row, output) as (row, kernel position, output). */
function columnsByRow(values: Float32Array, taps: number, rows: number, outputs: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let tap = 0; tap < taps; tap++)
    for (let row = 0; row < rows; row++) {
      const from = (tap * rows + row) * outputs;
      result.set(values.subarray(from, from + outputs), (row * taps + tap) * outputs);
    }
  return result;
}

/** And back. */
function rowsByColumn(values: Float32Array, taps: number, rows: number, outputs: number): Float32Array {
  return columnsByRow(values, rows, taps, outputs);
}

/** By output, how much less its mean is: mean' W - mean_S' W'. */
function lostMeans(
  { mean, reader: { taps, channels } }: LayerInputs,
  { inputs, outputs }: Survivors,
  wanted: Float32Array,
  refit: Float32Array,
): Float64Array {
  const lost = new Float64Array(outputs.length);
  const add = (values: Float32Array, row: number, factor: number) => {
    for (let o = 0; o < lost.length; o++) lost[o]! += factor * values[row * lost.length + o]!;
  };
  mean.forEach((value, row) => add(wanted, row, value));
  rowsLeft(taps, channels, inputs).forEach((row, i) => add(refit, i, -mean[row]!));
  return lost;
}

function weightOf(graph: LayerGraph, layer: string, weight: string): Float32Array | undefined {
  return graph.layers.find(({ name }) => name === layer)?.weights.find(({ name }) => name === weight)?.data;
}
