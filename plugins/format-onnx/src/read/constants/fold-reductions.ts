import { Refusal, mapped } from '@tersor/network';
import { float, integer, integersOf } from '../attributes.js';
import type { Constant } from '../file/onnx-model.js';
import { axisAt, constantAt, optionalConstant, scalarOf } from '../site.js';
import type { Fold } from './fold-arithmetic.js';

/** What networks that scale their weights as they run do with them: worked out once, as they are read. */
const reduce =
  (start: number, step: (sum: number, value: number) => number, isMean = false): Fold =>
  (site) => {
    const { node } = site;
    const given = constantAt(site, 0);
    const rank = given.dims.length;
    const listed = integersOf(node, 'axes', () => optionalConstant(site, 1));
    if (!listed?.length && integer(node, 'noop_with_empty_axes', 0) === 1) return [given];
    const axes = listed?.length ? listed.map((axis) => axisAt(axis, rank)) : given.dims.map((_dim, i) => i);
    const kept = given.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
    const count = kept.reduce((product, dim) => product * dim, 1);
    const size = given.data.length / count;
    const sums = new Float64Array(count).fill(start);
    const strides = kept.map((dim, i) =>
      dim === 1 ? 0 : kept.slice(i + 1).reduce((all, each) => all * each, 1),
    );
    given.data.forEach((value, place) => {
      let [rest, at] = [place, 0];
      for (let axis = rank - 1; axis >= 0; axis--) {
        const index = rest % given.dims[axis]!;
        rest = (rest - index) / given.dims[axis]!;
        at += index * strides[axis]!;
      }
      sums[at] = step(sums[at]!, value);
    });
    const values = isMean ? sums.map((sum) => sum / size) : sums;
    const dims = integer(node, 'keepdims', 1) === 1 ? kept : kept.filter((_dim, i) => !axes.includes(i));
    const data = given.type === 'float' ? Float32Array.from(values) : values;
    return [{ kind: 'constant', type: given.type, dims, data }];
  };

const clip: Fold = (site) => {
  const limit = (name: string, input: number, otherwise: number) => {
    const constant = optionalConstant(site, input);
    return constant ? scalarOf(constant) : float(site.node, name, otherwise);
  };
  const [low, high] = [limit('min', 1, -Infinity), limit('max', 2, Infinity)];
  const given = constantAt(site, 0);
  return [mapped(given.type, [given], (x) => Math.min(Math.max(x!, low), high))];
};

/** `(x - mean) / sqrt(variance + epsilon) * scale + shift` by the second axis. */
const normalize: Fold = (site) => {
  const { node } = site;
  const x = constantAt(site, 0);
  const epsilon = float(node, 'epsilon', 1e-5);
  const channels = x.dims[1] ?? 0;
  const values = (input: number) => {
    const { data } = constantAt(site, input);
    if (data.length !== channels) throw new Refusal(`has ${data.length} values for ${channels} channels`);
    return data;
  };
  const [scale, shift] = [values(1), values(2)];
  const isTrained = integer(node, 'training_mode', 0) !== 0;
  const [mean, variance] = isTrained ? ownMoments(x) : [values(3), values(4)];
  const inner = x.dims.slice(2).reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from(x.data, (value, i) => {
    const channel = Math.floor(i / inner) % channels;
    const root = Math.sqrt(variance[channel]! + epsilon);
    return ((value - mean[channel]!) / root) * scale[channel]! + shift[channel]!;
  });
  return [{ kind: 'constant', type: 'float', dims: x.dims, data }];
};

/** Mean and variance of each channel, as weights are standardized: by a batch norm in training. */
function ownMoments({ dims, data }: Constant): readonly [Float64Array, Float64Array] {
  const channels = dims[1]!;
  const inner = dims.slice(2).reduce((product, dim) => product * dim, 1);
  const count = data.length / channels;
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  data.forEach((value, i) => (mean[channelOf(i)]! += value / count));
  data.forEach((value, i) => (variance[channelOf(i)]! += (value - mean[channelOf(i)]!) ** 2 / count));
  return [mean, variance];
}

export const REDUCTION_FOLDS: Readonly<Record<string, Fold>> = {
  ReduceMean: reduce(0, (sum, value) => sum + value, true),
  ReduceSum: reduce(0, (sum, value) => sum + value),
  ReduceMax: reduce(-Infinity, Math.max),
  ReduceMin: reduce(Infinity, Math.min),
  ReduceProd: reduce(1, (product, value) => product * value),
  Clip: clip,
  BatchNormalization: normalize,
};
