import { Refusal } from '@tersor/network';
import { float, integer, optionalInteger, requireOnly } from '../attributes.js';
import { weight, withLast } from '../builder.js';
import { lengthOf, rowOrder, sizesOf, type Tensor } from '../layout/tensor.js';
import { axisAt, constantAt, optionalConstant, tensorAt, type Lowering, type Site } from '../site.js';
import { normalizable, scaleShift } from './affine.js';
import { combined, powered } from './arithmetic.js';
import { reduced } from './pooling.js';
import { withSizes } from './shape.js';

const batchNormalization: Lowering = (site) => {
  const { node, build, opset } = site;
  const x = tensorAt(site, 0);
  // Before opset 7, it was in training mode unless `is_test` was set.
  if (opset < 7 && optionalInteger(node, 'is_test') !== 1) throw new Refusal('is to be trained');
  requireOnly(node, 'training_mode', 0);
  requireOnly(node, 'spatial', 1);
  const channels = x.axes[0];
  if (!channels) throw new Refusal('has no channels');
  const ready = normalizable(build, withLast(build, x, [0]));
  const size = lengthOf(channels);
  const rows = rowOrder(channels, ready.lies.at(-1)!);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((input) => {
    const { data } = constantAt(site, input);
    if (data.length !== size) throw new Refusal(`has ${data.length} values for ${size} channels`);
    return Float32Array.from(rows, (row) => data[row]!);
  });
  return [
    build.apply(
      {
        className: 'BatchNormalization',
        config: {
          axis: -1,
          momentum: float(node, 'momentum', 0.9),
          epsilon: float(node, 'epsilon', 1e-5),
          center: true,
          scale: true,
        },
        weights: [
          weight('gamma', [size], gamma!),
          weight('beta', [size], beta!),
          weight('moving_mean', [size], mean!, false),
          weight('moving_variance', [size], variance!, false),
        ],
      },
      ready,
    ),
  ];
};

/** Normalizes over the last axes of the file, which are the channels if a Transpose comes before it. */
const layerNormalization: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const first = axisAt(integer(node, 'axis', -1), x.axes.length + 1) - 1;
  if (first < 0) throw new Refusal('works along the batch');
  const axes = x.axes.map((_axis, i) => i).slice(first);
  const ready = withLast(build, x, axes);
  const last = ready.lies.at(-1)!;
  const rows = rowOrder(
    axes.flatMap((axis) => ready.axes[axis]!),
    last,
  );
  const size = lengthOf(last);
  const values = (input: number, otherwise: number) => {
    const { data } = optionalConstant(site, input) ?? { data: new Float32Array(size).fill(otherwise) };
    if (data.length !== size && data.length !== 1)
      throw new Refusal(`has ${data.length} values for ${size} positions`);
    return Float32Array.from(rows, (row) => data[row % data.length]!);
  };
  const statistics = node.outputs.slice(1).some((name) => name !== '')
    ? moments(build, x, axes, float(node, 'epsilon', 1e-5))
    : undefined;
  return [
    build.apply(
      {
        className: 'LayerNormalization',
        config: { axis: [-1], epsilon: float(node, 'epsilon', 1e-5), center: true, scale: true },
        weights: [weight('gamma', [size], values(1, 1)), weight('beta', [size], values(2, 0))],
      },
      ready,
    ),
    ...(statistics ? [statistics.mean, statistics.inverse] : []),
  ];
};

interface Moments {
  readonly mean: Tensor;
  /** The values minus their mean. */
  readonly centred: Tensor;
  /** `1 / sqrt(variance + epsilon)`. */
  readonly inverse: Tensor;
}

/** Moments of an image's values over some axes, which then have length 1. */
function moments(build: Site['build'], x: Tensor, axes: readonly number[], epsilon: number): Moments {
  const mean = reduced(build, x, axes, 'GlobalAveragePooling2D');
  const centred = combined(build, 'subtract', x, mean);
  const variance = reduced(build, powered(build, centred, 2), axes, 'GlobalAveragePooling2D');
  return { mean, centred, inverse: powered(build, scaleShift(build, variance, 1, epsilon), -0.5) };
}

/** Normalizes each channel of an image by its own mean and variance. */
const instanceNormalization: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const positions = x.axes.map((_axis, i) => i).slice(1);
  if (positions.length === 0) throw new Refusal('has no positions');
  const { centred, inverse } = moments(build, x, positions, float(node, 'epsilon', 1e-5));
  return [scaled(site, combined(build, 'multiply', centred, inverse))];
};

/** The same with several channels at a time. */
const groupNormalization: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  const sizes = sizesOf(x);
  const groups = integer(node, 'num_groups', 1);
  if (x.axes.length < 2 || sizes[0]! % groups !== 0)
    throw new Refusal(`makes ${groups} groups of ${sizes[0]} channels`);
  const apart = withSizes(build, x, [groups, sizes[0]! / groups, ...sizes.slice(1)]);
  const within = apart.axes.map((_axis, i) => i).slice(1);
  const { centred, inverse } = moments(build, apart, within, float(node, 'epsilon', 1e-5));
  return [scaled(site, withSizes(build, combined(build, 'multiply', centred, inverse), sizes))];
};

/** The scale and shift of each channel, or of equal groups of them. */
function scaled(site: Site, x: Tensor): Tensor {
  const { build } = site;
  const ready = withLast(build, x, [0]);
  const size = lengthOf(x.axes[0]!);
  const rows = rowOrder(ready.axes[0]!, ready.lies.at(-1)!);
  const [scale, shift] = [1, 2].map((input) => {
    const { data } = constantAt(site, input);
    if (size % data.length !== 0) throw new Refusal(`has ${data.length} values for ${size} channels`);
    const each = size / data.length;
    return (index: number) => data[Math.floor(rows[index]! / each)]!;
  });
  return scaleShift(build, ready, scale!, shift!);
}

export const NORMALIZATION: Readonly<Record<string, Lowering>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
};
