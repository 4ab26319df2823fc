import { KEPT } from './channel-rules.js';
import { elementWise } from './element-wise.js';
import { joinBlocks } from './grouped-conv2d.js';
import type { EmittedOperation, LayerFacts } from './layer-facts.js';
import { isLastAxis } from './layer-weights.js';
import { stockLayer } from './stock-layer.js';

/** A channel shuffle. The same channels of each group are removed. */
export const CHANNEL_SHUFFLE: LayerFacts = {
  className: 'TersorChannelShuffle',
  channels: {
    how: 'reordered; the same ones of each group are removed',
    rule: ({ layer, inputs: [input = []] }, table) => {
      const groups = Number(layer.config['groups']);
      if (input.length % groups !== 0) return undefined;
      joinBlocks(input, groups, table);
      const size = input.length / groups;
      return input.map((_, i) => input[(i % groups) * size + Math.floor(i / groups)]!);
    },
  },
  blocks: (layer) => {
    const groups = Number(layer.config['groups']);
    return { inputs: groups, outputs: groups, isTied: true };
  },
  operations: ({ layer, inputShapes }) => {
    const shape = inputShapes[0]!;
    const groups = Number(layer.config['groups']);
    const grouped = [...shape.slice(0, -1), groups, shape.at(-1)! / groups];
    const order = grouped.map((_, axis) => axis);
    return [
      { operation: { kind: 'reshape', shape: grouped } },
      { operation: { kind: 'transpose', order: [...order.slice(0, -1), order.length, order.length - 1] } },
      { operation: { kind: 'reshape', shape } },
    ];
  },
};

/** The range of a `TersorSlice`. */
interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function rangeOf({ config }: { readonly config: Readonly<Record<string, unknown>> }): Range {
  const { axis, start = 0, end, step = 1 } = config;
  return { axis: Number(axis), start: Number(start), end: Number(end), step: Number(step) };
}

/** Part of an axis. A slice of channels must be one of several equal blocks, which lose the same channels. */
export const SLICE: LayerFacts = {
  className: 'TersorSlice',
  channels: {
    how: 'kept; if a slice takes one of equal blocks, all blocks lose the same ones; otherwise they stay',
    rule: ({ layer, inputs: [input = []], inputShapes }, table) => {
      const { axis, start, end, step } = rangeOf(layer);
      if (!isLastAxis(axis, inputShapes[0]!.length)) return input;
      const size = end - start;
      if (step !== 1 || input.length % size !== 0 || start % size !== 0) return undefined;
      joinBlocks(input, input.length / size, table);
      // All calls of a shared slice have the same range, so their channels must be the same.
      return table.sameForAllCalls(layer.name, input.slice(start, end));
    },
  },
  outputChannels: ({ layer, inputs, inputsBefore, outputBefore }) =>
    isLastAxis(layer.config['axis'], outputBefore.length)
      ? (outputBefore.at(-1)! * inputs[0]!.at(-1)!) / inputsBefore[0]!.at(-1)!
      : inputs[0]!.at(-1),
  resized: (config, outputShape) => {
    const { axis, start, end } = rangeOf({ config });
    if (!isLastAxis(axis, outputShape.length)) return config;
    const size = outputShape.at(-1)!;
    const first = (start / (end - start)) * size;
    return { ...config, start: first, end: first + size };
  },
  operations: ({ layer, inputShapes }) => {
    const { axis, start, end, step } = rangeOf(layer);
    if (step !== 1) return undefined;
    const whole = inputShapes[0]!;
    return [
      {
        operation: {
          kind: 'slice',
          begin: whole.map((_, i) => (i === axis - 1 ? start : 0)),
          size: whole.map((length, i) => (i === axis - 1 ? end - start : length)),
        },
      },
    ];
  },
  probabilities: () => 'mixed',
  stock: (layer, input) => {
    const { axis, start, end, step } = layer.config;
    const length = input[Number(axis) - 1];
    if (input.length !== 3 || Number(axis) > 2 || (step ?? 1) !== 1 || length === undefined) return undefined;
    const cut = [Number(start ?? 0), length - Number(end)];
    return stockLayer(layer, 'Cropping2D', { cropping: axis === 1 ? [cut, [0, 0]] : [[0, 0], cut] });
  },
};

/** `alpha * x + beta`, clipped to [0, 1]. */
export const HARD_SIGMOID: LayerFacts = {
  className: 'TersorHardSigmoid',
  channels: KEPT,
  operations: ({ layer: { config } }): readonly EmittedOperation[] => [
    {
      operation: { kind: 'activation' },
      activation: {
        name: 'hardsigmoid',
        alpha: Number(config['alpha'] ?? 0.2),
        beta: Number(config['beta'] ?? 0.5),
      },
    },
  ],
  rides: 'always',
  // The slope of Keras 2.
  stock: (layer) =>
    layer.config['alpha'] === 0.2 && layer.config['beta'] === 0.5
      ? { ...layer, className: 'Activation', config: { name: layer.name, activation: 'hard_sigmoid' } }
      : undefined,
};

/** Raises every value to a power. */
export const POWER: LayerFacts = { className: 'TersorPower', channels: KEPT };

/** Differences and quotients. */
export const OWN_SUBTRACT = elementWise('TersorSubtract');
export const DIVIDE = elementWise('TersorDivide');

/** A part of a file that its format does not understand. It is computed as it is, and is not pruned. */
export const FROZEN_PART: LayerFacts = { className: 'TersorFrozenPart', probabilities: () => 'mixed' };
