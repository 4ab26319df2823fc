import { Refusal, countOf } from '@tersor/network';
import { integer, optionalIntegers } from '../attributes.js';
import { axisAt, constantAt, optionalConstant, scalarOf } from '../site.js';
import type { Fold } from './fold-arithmetic.js';

/** Sums of all values before each along an axis, as networks count positions. */
const cumSum: Fold = (site) => {
  const { node } = site;
  const given = constantAt(site, 0);
  const axis = axisAt(scalarOf(constantAt(site, 1)), given.dims.length);
  const inner = given.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const length = given.dims[axis]!;
  const isExclusive = integer(node, 'exclusive', 0) === 1;
  const isReverse = integer(node, 'reverse', 0) === 1;
  const data = given.data.slice();
  for (let start = 0; start < data.length; start++) {
    // The first of each row along the axis.
    if (Math.floor(start / inner) % length !== 0) continue;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const at = start + (isReverse ? length - 1 - i : i) * inner;
      const before = sum;
      sum += given.data[at]!;
      data[at] = isExclusive ? before : sum;
    }
  }
  return [{ ...given, data }];
};

/** A convolution of 1 x 1, as networks project positions that they encode: all else is no constant. */
const project: Fold = (site) => {
  const { node } = site;
  const [x, kernel, bias] = [constantAt(site, 0), constantAt(site, 1), optionalConstant(site, 2)];
  const [outputs = 0, inputs = 0, ...window] = kernel.dims;
  const [images = 0, channels, ...positions] = x.dims;
  const others = ['strides', 'dilations'].flatMap((name) => optionalIntegers(node, name) ?? []);
  const isPoint =
    [...window, ...others, integer(node, 'group', 1)].every((size) => size === 1) &&
    (optionalIntegers(node, 'pads') ?? []).every((pad) => pad === 0);
  if (!isPoint || channels !== inputs) throw new Refusal('reads constants alone, over more than a position');
  const count = positions.reduce((product, dim) => product * dim, 1);
  const dims = [images, outputs, ...positions];
  const data = new Float32Array(countOf(dims));
  for (let at = 0; at < data.length; at++) {
    const [place, output] = [at % count, Math.floor(at / count) % outputs];
    const image = Math.floor(at / (count * outputs));
    let sum = bias?.data[output] ?? 0;
    for (let input = 0; input < inputs; input++)
      sum += x.data[(image * inputs + input) * count + place]! * kernel.data[output * inputs + input]!;
    data[at] = sum;
  }
  return [{ kind: 'constant', type: 'float', dims, data }];
};

export const AXIS_FOLDS: Readonly<Record<string, Fold>> = { CumSum: cumSum, Conv: project };
