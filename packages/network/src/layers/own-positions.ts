import { axisResize, LEAST_FLOAT, resizeWeights } from '@tersor/runtime';
import type { PlanOperation } from '../inference/plan-step.js';
import { KEPT } from './channel-rules.js';
import type { EmittedOperation, LayerFacts, OperationSite } from './layer-facts.js';
import { stockLayer } from './stock-layer.js';
import { pairOf } from './window.js';

type Pair = readonly [number, number];
type Sides = readonly [Pair, Pair];

/** Padding. Plans have an operation for constants; the layer runs padding that mirrors or repeats. */
export const PAD2D: LayerFacts = {
  className: 'TersorPad2D',
  channels: KEPT,
  operations: ({ layer: { config } }) =>
    config['mode'] === 'constant'
      ? [padded(config['padding'] as Sides, Number(config['value'] ?? 0))]
      : undefined,
  stock: (layer) =>
    layer.config['mode'] === 'constant' && Number(layer.config['value'] ?? 0) === 0
      ? stockLayer(layer, 'ZeroPadding2D', { padding: layer.config['padding'] })
      : undefined,
};

/** Pooling with separate padding on each side: a padding step, then pooling without padding. */
export const POOLING2D: LayerFacts = {
  className: 'TersorPooling2D',
  channels: KEPT,
  operations: (site) => {
    const { config } = site.layer;
    const size = pairOf(config['pool_size']);
    const strides = pairOf(config['strides'] ?? config['pool_size']);
    if (!size || !strides) return undefined;
    const padding = config['padding'] as Sides;
    const isMax = config['operation'] === 'max';
    const isPadded = padding.flat().some((side) => side > 0);
    const kind = isMax ? 'max-pool' : 'average-pool';
    const pool: EmittedOperation = { operation: { kind, size, strides, padding: 'valid' } };
    return [
      ...(isPadded ? [padded(padding, isMax ? LEAST_FLOAT : 0)] : []),
      pool,
      ...(isPadded && !isMax && config['count_padding'] !== true
        ? [{ operation: withoutPadding(site, size, strides, padding) }]
        : []),
    ];
  },
  probabilities: () => 'mixed',
  stock: (layer) => {
    const { operation, padding, pool_size, strides } = layer.config;
    if ((padding as Pair[]).flat().some((side) => side > 0)) return undefined;
    const className = operation === 'max' ? 'MaxPooling2D' : 'AveragePooling2D';
    return stockLayer(layer, className, { pool_size, strides: strides ?? pool_size, padding: 'valid' });
  },
};

/** Resizing: for each axis a product with a matrix, as a pointwise convolution. */
export const RESIZE2D: LayerFacts = {
  className: 'TersorResize2D',
  channels: KEPT,
  operations: ({ layer: { config }, inputShapes, outputShape }) => {
    const [height, width] = inputShapes[0]!;
    const [tall, wide] = outputShape;
    return [
      transposed([0, 3, 2, 1]),
      resized(config, 0, height!, tall!),
      transposed([0, 1, 3, 2]),
      resized(config, 1, width!, wide!),
      transposed([0, 2, 3, 1]),
    ];
  },
  probabilities: () => 'mixed',
  stock: (layer, [height, width]) => {
    const [tall, wide] = layer.config['size'] as Pair;
    if (!height || !width || !isRepeated(layer, 0, height, tall) || !isRepeated(layer, 1, width, wide))
      return undefined;
    return stockLayer(layer, 'UpSampling2D', {
      size: [tall / height, wide / width],
      interpolation: 'nearest',
    });
  },
};

function padded(padding: Sides, value: number): EmittedOperation {
  return { operation: { kind: 'zero-pad', padding, ...(value !== 0 && { value }) } };
}

/** Converts averages over whole windows to averages over their part within the image. */
function withoutPadding(
  { inputShapes, outputShape }: OperationSite,
  size: Pair,
  strides: Pair,
  padding: Sides,
): PlanOperation {
  const [rows, columns] = [0, 1].map((axis) => {
    const [before] = padding[axis]!;
    return Array.from({ length: outputShape[axis]! }, (_, i) => {
      const start = i * strides[axis]! - before;
      const within = Math.min(start + size[axis]!, inputShapes[0]![axis]!) - Math.max(start, 0);
      return size[axis]! / within;
    });
  });
  const scale = Float32Array.from(rows!.flatMap((row) => columns!.map((column) => row * column)));
  return {
    kind: 'scale-shift',
    scale: { shape: [...outputShape.slice(0, 2), 1], data: scale },
    shift: { shape: [1, 1, 1], data: new Float32Array(1) },
  };
}

function transposed(order: readonly number[]): EmittedOperation {
  return { operation: { kind: 'transpose', order } };
}

function resized(config: LayerConfig, axis: 0 | 1, from: number, to: number): EmittedOperation {
  const data = resizeWeights(from, to, axisResize(config, axis));
  const point = { strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
  return { operation: { kind: 'convolution', kernel: { shape: [1, 1, from, to], data }, ...point } };
}

/** Whether resizing shows every pixel of an axis several times, one after the other. */
function isRepeated(layer: OperationSite['layer'], axis: 0 | 1, from: number, to: number): boolean {
  const resize = axisResize(layer.config, axis);
  if (resize.interpolation !== 'nearest' || to % from !== 0) return false;
  const { scale: _scale, ...whole } = resize;
  const repeated = resizeWeights(from, to, { ...whole, coordinates: 'asymmetric', rounding: 'floor' });
  return resizeWeights(from, to, resize).every((share, i) => share === repeated[i]);
}

type LayerConfig = OperationSite['layer']['config'];
