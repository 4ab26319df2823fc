import { float, integer, optionalInteger, requireOnly } from '../attributes.js';
import { weight, withLast } from '../builder.js';
import { lengthOf, rowOrder } from '../layout/tensor.js';
import { Refusal } from '../refusal.js';
import { normalizable } from './affine.js';
import { axisAt, constantAt, optionalConstant, tensorAt, type Lowering } from '../site.js';

const batchNormalization: Lowering = (site) => {
  const { node, build, opset } = site;
  const x = tensorAt(site, 0);
  // Before opset 7 it was trained unless `is_test` said otherwise.
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

/** Over the last axes of the file, which are the channels where a Transpose stands before it. */
const layerNormalization: Lowering = (site) => {
  const { node, build } = site;
  const x = tensorAt(site, 0);
  if (node.outputs.slice(1).some((name) => name !== '')) throw new Refusal('gives its statistics too');
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
  return [
    build.apply(
      {
        className: 'LayerNormalization',
        config: { axis: [-1], epsilon: float(node, 'epsilon', 1e-5), center: true, scale: true },
        weights: [weight('gamma', [size], values(1, 1)), weight('beta', [size], values(2, 0))],
      },
      ready,
    ),
  ];
};

export const NORMALIZATION: Readonly<Record<string, Lowering>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};
