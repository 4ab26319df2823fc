import type { GraphLayer, LayerCall, LayerGraph, WeightTensor } from '@tersor/core';
import { generator, IMAGE, NETWORK_CLASSES, weight } from './backend-networks.js';

/** Where the two networks differ. */
interface Variant {
  readonly pad: Readonly<Record<string, unknown>>;
  readonly resize: Readonly<Record<string, unknown>>;
  readonly count_padding: boolean;
  readonly dilation: readonly [number, number];
  /** With a frozen part, which software adapters take long for. */
  readonly attends?: true;
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  first: {
    pad: { mode: 'reflect', value: 0 },
    resize: { interpolation: 'bilinear', coordinates: 'half_pixel', rounding: 'floor' },
    count_padding: false,
    dilation: [1, 2],
    attends: true,
  },
  second: {
    pad: { mode: 'edge', value: 0 },
    resize: { interpolation: 'nearest', coordinates: 'asymmetric', rounding: 'floor' },
    count_padding: true,
    dilation: [1, 1],
  },
  third: {
    pad: { mode: 'constant', value: -0.5 },
    resize: { interpolation: 'bilinear', coordinates: 'align_corners', rounding: 'floor' },
    count_padding: false,
    dilation: [2, 1],
  },
};

/** Each of 5 x 4 positions looks at all others: inputs are the image, a constant, and the steps before. */
const ATTENTION = {
  steps: [
    { operation: 'reshape', inputs: [0], options: { shape: [1, 20, 6] } },
    { operation: 'mat_mul', inputs: [2, 2], options: { turn_b: true } },
    { operation: 'mul', inputs: [3, 1] },
    { operation: 'softmax', inputs: [4] },
    { operation: 'mat_mul', inputs: [5, 2] },
    { operation: 'reshape', inputs: [6], options: { shape: [1, 5, 4, 6] } },
  ],
  constants: [{ shape: [], type: 'float' }],
  trainable: false,
};

/**
 * Networks, on images of 9 x 7, with every layer class that Tersor adds to those of TensorFlow.js, each in
 * several ways. All weights are random, by a fixed seed.
 */
export function ownLayersNetworks(): Readonly<Record<string, LayerGraph>> {
  return Object.fromEntries(Object.entries(VARIANTS).map(([name, variant]) => [name, network(variant)]));
}

function network(variant: Variant): LayerGraph {
  const draw = generator(8);
  const layers: GraphLayer[] = [];
  const calls: LayerCall[] = [];
  const add = (
    className: string,
    config: Readonly<Record<string, unknown>>,
    outputShape: readonly number[],
    { inputs = [calls.length - 1], weights = [] }: { inputs?: number[]; weights?: WeightTensor[] } = {},
  ) => {
    const name = `layer${layers.length}`;
    layers.push({ name, className, config: { name, ...config }, weights });
    return calls.push({ layer: name, inputs, outputShape }) - 1;
  };
  const convolution = (
    kernel: readonly [number, number],
    inputs: number,
    filters: number,
    groups: number,
  ) => ({
    weights: [weight('kernel', [...kernel, inputs / groups, filters], draw), weight('bias', [filters], draw)],
  });
  const window = { strides: [1, 1], dilation_rate: [1, 1], use_bias: true };

  const image = { batch_input_shape: [null, ...IMAGE], dtype: 'float32', sparse: false };
  add('InputLayer', image, IMAGE, { inputs: [] });
  const point = {
    ...window,
    data_format: 'channels_last',
    filters: 4,
    kernel_size: [1, 1],
    padding: 'valid',
    activation: 'linear',
  };
  add('Conv2D', point, [9, 7, 4], convolution([1, 1], 3, 4, 1));
  add('TersorPad2D', { padding: [[1, 0], [0, 1]], ...variant.pad }, [10, 8, 4]); // prettier-ignore
  const pool = { operation: 'max', pool_size: [3, 3], strides: [2, 2], padding: [[1, 0], [0, 1]] }; // prettier-ignore
  add('TersorPooling2D', { ...pool, count_padding: false }, [5, 4, 4]);
  const grouped = {
    ...window,
    filters: 6,
    kernel_size: [3, 3],
    groups: 2,
    padding: 'same',
    activation: 'relu',
  };
  add('TersorGroupedConv2D', grouped, [5, 4, 6], convolution([3, 3], 4, 6, 2));
  if (variant.attends)
    add('TersorFrozenPart', ATTENTION, [5, 4, 6], {
      weights: [{ ...weight('constant_0', [], draw), trainable: false }],
    });
  const shuffled = add('TersorChannelShuffle', { groups: 3 }, [5, 4, 6]);
  const halves = [0, 3].map((start) =>
    add('TersorSlice', { axis: 3, start, end: start + 3, step: 1 }, [5, 4, 3], { inputs: [shuffled] }),
  );
  const difference = add('TersorSubtract', {}, [5, 4, 3], { inputs: halves });
  const line = add('TersorHardSigmoid', { alpha: 0.05, beta: 0.8 }, [5, 4, 3]);
  add('TersorDivide', {}, [5, 4, 3], { inputs: [difference, line] });
  add('TersorResize2D', { size: [7, 6], ...variant.resize }, [7, 6, 3]);
  const average = { operation: 'average', pool_size: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 0]] }; // prettier-ignore
  add('TersorPooling2D', { ...average, count_padding: variant.count_padding }, [4, 3, 3]);
  add('TersorPower', { exponent: 2 }, [4, 3, 3]);
  const [tall, wide] = variant.dilation;
  const dilated = { ...window, filters: 6, kernel_size: [2, 2], groups: 3, dilation_rate: [tall, wide] };
  const size = [4 - tall, 3 - wide, 6];
  add(
    'TersorGroupedConv2D',
    { ...dilated, padding: 'valid', activation: 'linear' },
    size,
    convolution([2, 2], 3, 6, 3),
  );
  add('TersorSlice', { axis: 1, start: 0, end: size[0], step: 2 }, [Math.ceil(size[0]! / 2), size[1]!, 6]);
  add('GlobalAveragePooling2D', { data_format: 'channels_last' }, [6]);
  add('Dense', { units: NETWORK_CLASSES, activation: 'softmax', use_bias: true }, [NETWORK_CLASSES], {
    weights: [weight('kernel', [6, NETWORK_CLASSES], draw), weight('bias', [NETWORK_CLASSES], draw)],
  });
  return { name: 'own layers', layers, calls, inputs: [0], outputs: [calls.length - 1] };
}
