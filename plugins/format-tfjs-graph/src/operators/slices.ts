import { Refusal } from '@tersor/network';
import { number } from '../node.js';
import { anyTensor, placeOf, tensorAt, type Operator, type Site } from '../site.js';
import { numbersOf, type Tensor } from '../value.js';
import { axisOf, reshaped } from './shapes.js';

/** The part of an axis that is kept. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A range of one axis, the batch counted as axis 0. */
function sliced(site: Site, x: Tensor, axis: number, range: Range, ending?: string): Tensor {
  const { start, end, step } = range;
  const length = x.shape[axis - 1];
  if (start === 0 && end === length && step === 1) return x;
  if (!(step > 0)) throw new Refusal('goes backwards');
  if (!(end > start)) throw new Refusal('takes nothing');
  const shape = x.shape.map((each, i) => (i === axis - 1 ? Math.ceil((end - start) / step) : each));
  const { layer } = site.add({
    className: 'TersorSlice',
    config: { axis: placeOf(x, axis - 1) + 1, ...range },
    inputs: [x],
    shape,
    ...(ending !== undefined && { ending }),
  });
  return { ...x, layer, shape };
}

/** Splits an axis into equal parts, or into parts of given lengths. */
const split: Operator = (site) => {
  const isSized = site.node.op === 'SplitV';
  const x = anyTensor(site, isSized ? 0 : 1);
  const axis = axisOf(numbersOf(site.inputs[isSized ? 2 : 0], 'an axis')[0]!, x);
  const length = axis > 0 ? x.shape[axis - 1] : undefined;
  if (length === undefined) throw new Refusal('cuts the batch, or an open size');
  const count = number(site.node, 'num_split', 1);
  const sizes = isSized
    ? numbersOf(site.inputs[1], 'sizes')
    : Array.from({ length: count }, () => length / count);
  const rest = length - sizes.filter((each) => each >= 0).reduce((sum, each) => sum + each, 0);
  let start = 0;
  return sizes.map((each, i) => {
    const end = start + (each < 0 ? rest : each);
    const part = sliced(site, x, axis, { start, end, step: 1 }, String(i));
    start = end;
    return part;
  });
};

const slice: Operator = (site) => {
  const x = anyTensor(site, 0);
  const starts = numbersOf(site.inputs[1], 'a beginning');
  const sizes = numbersOf(site.inputs[2], 'a size');
  if (starts[0] !== 0) throw new Refusal('cuts the batch');
  return x.shape.reduce<Tensor>((part, length, i) => {
    const start = starts[i + 1]!;
    const size = sizes[i + 1]!;
    if (length === undefined && (start !== 0 || size !== -1)) throw new Refusal('cuts an open size');
    if (length === undefined) return part;
    const end = size === -1 ? length : start + size;
    return sliced(site, part, i + 1, { start, end, step: 1 }, `axis_${i + 1}`);
  }, x);
};

/**
 * The entries of a StridedSlice: one for each of its axes, including new ones, with the ellipsis expanded.
 */
export function entries({ node, inputs }: Pick<Site, 'node' | 'inputs'>, rank: number) {
  const [starts, ends, steps] = [1, 2, 3].map((i) => numbersOf(inputs[i], 'a range'));
  const isSet = (key: string, i: number) => ((number(node, key, 0) >> i) & 1) === 1;
  const named = starts!.map((start, i) => ({
    start,
    end: ends![i]!,
    step: steps![i]!,
    isFromStart: isSet('begin_mask', i),
    isToEnd: isSet('end_mask', i),
    isOne: isSet('shrink_axis_mask', i),
    isNew: isSet('new_axis_mask', i),
    isEllipsis: isSet('ellipsis_mask', i),
  }));
  const whole = {
    ...{ start: 0, end: 0, step: 1, isFromStart: true, isToEnd: true },
    ...{ isOne: false, isNew: false, isEllipsis: false },
  };
  const known = named.filter(({ isNew, isEllipsis }) => !isNew && !isEllipsis).length;
  const rest = Array.from({ length: Math.max(0, rank - known) }, () => whole);
  const has = named.some(({ isEllipsis }) => isEllipsis);
  return has ? named.flatMap((each) => (each.isEllipsis ? rest : [each])) : [...named, ...rest];
}

/** Slices several axes, with steps; a single index drops its axis, and new axes have length 1. */
const stridedSlice: Operator = (site) => {
  const x = anyTensor(site, 0);
  const [batch, ...others] = entries(site, x.shape.length + 1);
  const isWholeBatch =
    batch?.isNew === false && batch.isToEnd && (batch.isFromStart || batch.start === 0) && batch.step === 1;
  if (!isWholeBatch || batch.isOne) throw new Refusal('cuts the batch');
  let axis = 0;
  let part = x;
  const lengths: (number | undefined)[] = [];
  for (const { start, end, step, isFromStart, isToEnd, isOne, isNew } of others) {
    if (isNew) {
      lengths.push(1);
      continue;
    }
    axis++;
    const length = part.shape[axis - 1];
    if (!(isFromStart && isToEnd && step === 1 && !isOne)) {
      if (length === undefined) throw new Refusal('cuts an open size');
      const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
      const first = isFromStart ? 0 : place(start);
      const last = isOne ? first + 1 : isToEnd ? length : place(end);
      const range = { start: first, end: last, step: isOne ? 1 : step };
      part = sliced(site, part, axis, range, `axis_${axis}`);
    }
    if (!isOne) lengths.push(part.shape[axis - 1]);
  }
  const isSame =
    lengths.length === part.shape.length && lengths.every((length, i) => length === part.shape[i]);
  return isSame ? part : reshaped(site, part, [-1, ...lengths.map((length) => length ?? NaN)]);
};

/** Limit on the layers that one gather becomes. */
const MAX_RUNS = 64;

/** Picks known indexes of one axis, as slices joined in order. */
const gather: Operator = (site) => {
  const x = tensorAt(site, 0);
  const index = site.inputs[1];
  const indexes = numbersOf(index, 'indexes');
  const axis = axisOf(site.inputs[2] ? numbersOf(site.inputs[2], 'an axis')[0]! : 0, x);
  const length = axis > 0 ? x.shape[axis - 1] : undefined;
  if (length === undefined || number(site.node, 'batch_dims', 0) > 0)
    throw new Refusal('picks from the batch, or from an open size');
  const places = indexes.map((at) => (at < 0 ? at + length : at));
  if (places.length === 0 || places.some((at) => !(at >= 0 && at < length)))
    throw new Refusal(`picks index ${String(indexes.find((at) => !(at >= 0 && at < length)))} of ${length}`);
  const runs: { start: number; end: number }[] = [];
  for (const at of places) {
    const last = runs.at(-1);
    if (last?.end === at) last.end++;
    else runs.push({ start: at, end: at + 1 });
  }
  if (runs.length > MAX_RUNS) throw new Refusal(`picks ${runs.length} separate ranges; ${MAX_RUNS} are read`);
  const parts = runs.map((run, i) => sliced(site, x, axis, { ...run, step: 1 }, `range_${i}`));
  const shape = x.shape.map((each, i) => (i === axis - 1 ? places.length : each));
  const joined =
    parts.length === 1
      ? parts[0]!
      : site.add({ className: 'Concatenate', config: { axis }, inputs: parts, shape });
  const dims = index?.kind === 'constant' ? index.dims : [];
  const target = [...shape.slice(0, axis - 1), ...dims, ...shape.slice(axis)];
  return reshaped(site, joined, [-1, ...target.map((each) => each ?? NaN)]);
};

/** Operators that choose parts. */
export const SLICE_OPERATORS: Readonly<Record<string, Operator>> = {
  Split: split,
  SplitV: split,
  Slice: slice,
  StridedSlice: stridedSlice,
  GatherV2: gather,
  Gather: gather,
};
