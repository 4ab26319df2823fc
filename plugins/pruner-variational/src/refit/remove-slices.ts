import * as tf from '@tensorflow/tfjs-core';
import { groupInputs } from './group-inputs.js';
import type { LayerInputs } from './input-moments.js';
import { maskedLeastSquares } from './masked-least-squares.js';
import type { Survivors } from './surviving-channels.js';

/** In which order the slices of a layer go, and what is lost with them. */
export interface SliceOrder {
  /** By slice (`c_in * outputs + c_out`), when it goes: the larger, the later. */
  readonly ranks: Float64Array;
  /**
   * What is lost when only some are left: the squared error of the layer's outputs after the refit, as a
   * share of their variance. Begins with all slices, and no error unless channels went; the share falls, the
   * error never does.
   */
  readonly curve: readonly { readonly share: number; readonly error: number }[];
}

/** Share of what is left that stays in one round. */
const ROUND = 0.8;
/** Slices are told apart down to this share; below it they keep the order of the last round. */
const LEAST = 0.1;
/** Steps of conjugate gradients after a round, which begin with the weights of the last one. */
const STEPS = 6;
/** Steps before the first round, where inputs went. */
const FIRST_STEPS = 30;

/**
 * Removes the slices of a layer little by little, and refits the others after each round, so that what stands
 * in for lost slices is known when the next ones are chosen (the idea of Optimal Brain Surgeon; gradual
 * removal as in Optimal Brain Compression, Frantar and Alistarh 2022, for all outputs at once). In each round
 * those go whose part of their output has the least mean square, w_b' M_bb w_b, for the weights w_b of the
 * moment. Undefined where there are no moments.
 * @param ridge as a share of the mean square of the inputs
 * Groups of channels are orders of their own, which go in step: their error is the mean of all.
 * @param left the channels that stay, where some go: what others lose with them is made up for as well, and
 *   slices of channels that go have the rank -1
 */
export async function removeSlices(
  given: LayerInputs,
  ridge: number,
  left?: Survivors,
): Promise<SliceOrder | undefined> {
  const groups = groupInputs(given);
  if (groups.length === 1) return removeOwnSlices(given, ridge, left);
  const outputs = groups.reduce((sum, { count }) => sum + count, 0);
  const channels = groups[0]!.inputs.reader.channels;
  const ranks = new Float64Array(channels * outputs).fill(-1);
  const curves: SliceOrder['curve'][] = [];
  for (const { inputs, first, count } of groups) {
    const own = left?.outputs.filter((output) => output >= first && output < first + count);
    if (own?.length === 0) continue;
    const survivors = left && own && { inputs: left.inputs, outputs: own.map((output) => output - first) };
    const order = await removeOwnSlices(inputs, ridge, survivors);
    if (!order) return undefined;
    order.ranks.forEach(
      (rank, slice) => (ranks[Math.floor(slice / count) * outputs + first + (slice % count)] = rank),
    );
    curves.push(order.curve);
  }
  const steps = Math.min(...curves.map((curve) => curve.length));
  const curve = Array.from({ length: steps }, (_, i) => ({
    share: curves[0]![i]!.share,
    error: curves.reduce((sum, each) => sum + each[i]!.error, 0) / curves.length,
  }));
  return { ranks, curve };
}

async function removeOwnSlices(
  { reader: { layer, taps, channels }, moments }: LayerInputs,
  ridge: number,
  left?: Survivors,
): Promise<SliceOrder | undefined> {
  if (!moments) return undefined;
  const { data: kernel, shape } = layer.weights.find(({ name }) => name === 'kernel')!;
  const outputs = shape.at(-1)!;
  const every = (count: number) => Array.from({ length: count }, (_, i) => i);
  const { inputs: ins, outputs: outs } = left ?? { inputs: every(channels), outputs: every(outputs) };
  const isWhole = moments.inputs === taps * channels;
  // Where there are moments of channels alone, every kernel position is a problem of its own.
  const problems = isWhole ? 1 : taps;
  const rows = isWhole ? every(taps).flatMap((tap) => ins.map((i) => tap * channels + i)) : ins;
  const columns = problems * outs.length;
  const slices = ins.length * outs.length;
  /** Place of a slice's weight at a kernel position. */
  const at = (tap: number, slice: number) => {
    const [input, output] = [Math.floor(slice / outs.length), slice % outs.length];
    return isWhole
      ? (tap * ins.length + input) * outs.length + output
      : input * columns + tap * outs.length + output;
  };
  const loaded = loadedMoments(moments.products[0]!, moments.inputs, ridge);
  const original = wantedOf(kernel, { taps, channels, outputs, outs, isWhole });
  const whole = await product(loaded, original, moments.inputs, columns);
  const variance = dot(original, whole);
  const size = rows.length;
  const kept = Float32Array.from(
    { length: size * size },
    (_, i) => loaded[rows[Math.floor(i / size)]! * moments.inputs + rows[i % size]!]!,
  );
  const rowsOf = (values: Float32Array) =>
    Float32Array.from(
      { length: size * columns },
      (_, i) => values[rows[Math.floor(i / columns)]! * columns + (i % columns)]!,
    );
  const target = rowsOf(whole);
  const mask = new Float32Array(size * columns).fill(1);
  let weights: Float32Array = rowsOf(original);
  const refit = async (steps: number) => {
    weights = await maskedLeastSquares({
      moments: kept,
      target,
      mask,
      start: weights,
      kept: size,
      outputs: columns,
      steps,
    });
  };
  const errorNow = async () => {
    const lost =
      variance - 2 * dot(weights, target) + dot(weights, await product(kept, weights, size, columns));
    return variance > 0 ? Math.max(0, lost / variance) : 0;
  };
  if (size < moments.inputs) await refit(FIRST_STEPS);
  const curve = [{ share: 1, error: size < moments.inputs ? await errorNow() : 0 }];
  const order = new Float64Array(slices);
  let stay = every(slices);
  for (let round = 0; stay.length > Math.max(1, LEAST * slices); round++) {
    const parts = partsOf({
      weights,
      kept,
      size,
      taps,
      isWhole,
      inputs: ins.length,
      outputs: outs.length,
      at,
    });
    stay.sort((a, b) => parts[a]! - parts[b]! || b - a);
    stay.forEach((slice, place) => (order[slice] = round + place / slices));
    const gone = stay.slice(0, Math.max(1, Math.round((1 - ROUND) * stay.length)));
    stay = stay.slice(gone.length);
    for (const slice of gone) for (let tap = 0; tap < taps; tap++) mask[at(tap, slice)] = 0;
    await refit(STEPS);
    curve.push({ share: stay.length / slices, error: Math.max(await errorNow(), curve.at(-1)!.error) });
  }
  const ranks = new Float64Array(channels * outputs).fill(-1);
  order.forEach((rank, slice) => {
    const [input, output] = [ins[Math.floor(slice / outs.length)]!, outs[slice % outs.length]!];
    ranks[input * outputs + output] = rank;
  });
  return { ranks, curve };
}

/** The outputs that stay of a kernel, as one problem's weights, or as those of every kernel position. */
function wantedOf(
  kernel: Float32Array,
  layer: {
    readonly taps: number;
    readonly channels: number;
    readonly outputs: number;
    readonly outs: readonly number[];
    readonly isWhole: boolean;
  },
): Float32Array {
  const { taps, channels, outputs, outs, isWhole } = layer;
  const wanted = new Float32Array(taps * channels * outs.length);
  for (let tap = 0; tap < taps; tap++)
    for (let input = 0; input < channels; input++)
      outs.forEach((output, o) => {
        const row = isWhole ? tap * channels + input : input * taps + tap;
        wanted[row * outs.length + o] = kernel[(tap * channels + input) * outputs + output]!;
      });
  return wanted;
}

interface Parts {
  readonly weights: Float32Array;
  readonly kept: Float32Array;
  readonly size: number;
  readonly taps: number;
  /** Whether there are moments of inputs at different kernel positions. */
  readonly isWhole: boolean;
  readonly inputs: number;
  readonly outputs: number;
  at(tap: number, slice: number): number;
}

/** By slice, the mean square of what it adds to its output. */
function partsOf({ weights, kept, size, taps, isWhole, inputs, outputs, at }: Parts): Float64Array {
  const parts = new Float64Array(inputs * outputs);
  for (let input = 0; input < inputs; input++)
    for (let a = 0; a < taps; a++)
      for (let b = 0; b < taps; b++) {
        if (!isWhole && a !== b) continue;
        const [row, column] = isWhole ? [a * inputs + input, b * inputs + input] : [input, input];
        const moment = kept[row * size + column]!;
        for (let slice = input * outputs; slice < (input + 1) * outputs; slice++)
          parts[slice]! += moment * weights[at(a, slice)]! * weights[at(b, slice)]!;
      }
  return parts;
}

function loadedMoments(products: Float64Array, size: number, ridge: number): Float32Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += products[i * size + i]!;
  const loaded = Float32Array.from(products);
  for (let i = 0; i < size; i++) loaded[i * size + i]! += (ridge * trace) / size;
  return loaded;
}

async function product(
  moments: Float32Array,
  weights: Float32Array,
  size: number,
  columns: number,
): Promise<Float32Array> {
  const result = tf.tidy(() =>
    tf.matMul(tf.tensor2d(moments, [size, size]), tf.tensor2d(weights, [size, columns])),
  );
  try {
    return (await result.data()) as Float32Array;
  } finally {
    result.dispose();
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
