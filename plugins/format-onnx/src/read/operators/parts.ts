import { Refusal } from '@tersor/network';
import { integer, integersOf, optionalIntegers } from '../attributes.js';
import { lengthOf } from '../layout/tensor.js';
import { constantAt, innerAxes, optionalConstant, tensorAt, type Lowering } from '../site.js';
import { sliced } from './slicing.js';

/** The limits are attributes before opset 10, and inputs since. */
const slice: Lowering = (site) => {
  const { node } = site;
  const x = tensorAt(site, 0);
  const starts = integersOf(node, 'starts', () => constantAt(site, 1)) ?? [];
  const ends = integersOf(node, 'ends', () => constantAt(site, 2)) ?? [];
  const listed = integersOf(node, 'axes', () => optionalConstant(site, 3)) ?? starts.map((_start, i) => i);
  const steps = optionalConstant(site, 4)?.data ?? [];
  let result = x;
  listed.forEach((given, i) => {
    const rank = x.axes.length + 1;
    const step = steps[i] ?? 1;
    const isBatch = given === 0 || given === -rank;
    const length = isBatch ? site.batch : lengthOf(x.axes[innerAxes([given], rank)[0]!]!);
    if (step < 1) throw new Refusal(`goes backwards, in steps of ${step}`);
    const within = (place: number) => Math.min(Math.max(place < 0 ? place + length : place, 0), length);
    const [start, end] = [within(starts[i]!), within(ends[i]!)];
    if (start === 0 && end === length && step === 1) return;
    const [axis] = innerAxes([given], rank) as [number];
    result = sliced(site, result, axis, start, end, step);
  });
  return [result];
};

/**
 * Splits a tensor into parts with sizes from an attribute (before opset 13) or an input, or into equal parts.
 */
const split: Lowering = (site) => {
  const { node } = site;
  const x = tensorAt(site, 0);
  const [axis] = innerAxes([integer(node, 'axis', 0)], x.axes.length + 1) as [number];
  const length = lengthOf(x.axes[axis]!);
  const count = node.outputs.length;
  const each = Math.ceil(length / count);
  const sizes =
    optionalIntegers(node, 'split') ??
    (optionalConstant(site, 1)
      ? [...constantAt(site, 1).data]
      : Array.from({ length: count }, (_, i) => Math.min(each, length - i * each)));
  if (sizes.length !== count || sizes.reduce((sum, size) => sum + size, 0) !== length)
    throw new Refusal(`cuts ${length} positions into [${sizes.join(', ')}]`);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return sliced(site, x, axis, start - size, start, 1);
  });
};

export const PARTS: Readonly<Record<string, Lowering>> = { Slice: slice, Split: split };
