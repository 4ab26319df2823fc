import { axisResize, LEAST_FLOAT, resizeWeights } from '@tersor/runtime';
import type { PlanOperation } from '../inference/plan-step.js';
import { KEPT } from './channel-rules.js';
import type { EmittedOperation, LayerFacts, OperationSite } from './layer-facts.js';
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

type LayerConfig = OperationSite['layer']['config'];
