import { isRecord } from '@tersor/core';
import { channelAffine, rescalingLayer, resizingLayer } from '@tersor/network';
import type { KerasLayer } from './keras-layer.js';
import type { Context, Lowered } from './part.js';

/** Smallest standard deviation in Keras's `Normalization`. */
const LEAST_DEVIATION = 1e-7;

/** `x * scale + offset`; with numbers per channel, as a frozen batch norm. */
export function rescaling({ config }: KerasLayer): Lowered | string {
  const [scale, offset] = [numbers(config['scale'] ?? 1), numbers(config['offset'] ?? 0)];
  if (!scale || !offset) return 'has a scale or an offset that is neither a number nor a list of numbers';
  const channels = Math.max(scale.length, offset.length);
  if (channels === 1) return affine(scale[0]!, offset[0]!);
  const spread = (values: readonly number[]) =>
    Float32Array.from({ length: channels }, (_, i) => values[values.length === 1 ? 0 : i]!);
  const { weights = [], ...part } = channelAffine(spread(scale), spread(offset));
  return { parts: [part], weights };
}

/** A learned factor for each channel, as ConvNeXt of keras.applications has it. */
export function layerScale({ config }: KerasLayer, { weights }: Context): Lowered | string {
  const [gamma, ...others] = weights();
  const channels = config['projection_dim'];
  if (!gamma || others.length > 0 || gamma.data.length !== channels)
    return `has other weights than ${String(channels)} factors: it is not the one of keras.applications`;
  const { weights: own = [], ...part } = channelAffine(
    Float32Array.from(gamma.data),
    new Float32Array(gamma.data.length),
  );
  return { parts: [part], weights: own };
}

/** `(x - mean) / max(sqrt(variance), 1e-7)` along one axis, or with one mean for all. */
export function normalization({ config }: KerasLayer, { weights }: Context): Lowered | string {
  if (config['invert'] === true) return 'has invert: true';
  const own = weights();
  const values = (i: number, key: string) => (own[i] ? [...own[i].data] : numbers(config[key]));
  const [mean, variance] = [values(0, 'mean'), values(1, 'variance')];
  if (!mean || !variance || mean.length !== variance.length)
    return 'has neither weights nor a mean and a variance in its config: call adapt() before saving it';
  const axis: unknown = config['axis'];
  const axes: unknown[] = axis === null ? [] : Array.isArray(axis) ? axis : [axis ?? -1];
  if (axes.length > 1) return `has several axes: ${axes.join(', ')}`;
  const deviation = variance.map((value) => Math.max(Math.sqrt(value), LEAST_DEVIATION));
  if (mean.length === 1) return affine(1 / deviation[0]!, -mean[0]! / deviation[0]!);
  if (axes.length === 0) return `has ${mean.length} means for no axis`;
  const fixed = { axis: axes[0], center: false, scale: false, epsilon: 0, trainable: false };
  return {
    parts: [{ className: 'BatchNormalization', config: fixed }],
    weights: [mean, deviation.map((each) => each ** 2)].map((values) => ({
      shape: [values.length],
      data: Float32Array.from(values),
    })),
  };
}

/** Resizing with half-pixel centres, as in TensorFlow 2. */
export function resizing({ config }: KerasLayer): Lowered | string {
  const cut = ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'antialias'].find(
    (key) => config[key] === true,
  );
  if (cut) return `has ${cut}: true`;
  return resized([config['height'], config['width']], config['interpolation'] ?? 'bilinear');
}

/** Upsampling by integers; TensorFlow.js has it for nearest pixels. */
export function upSampling({ config }: KerasLayer, { inputShape }: Context): Lowered | string {
  const { interpolation = 'nearest', size = 2 } = config;
  if (interpolation === 'nearest') return { parts: [{ className: 'UpSampling2D', config }] };
  const [, height, width] = inputShape() ?? [];
  if (typeof height !== 'number' || typeof width !== 'number')
    return `has interpolation: ${String(interpolation)}, and the file does not say the size of its input`;
  const [rows, columns] = Array.isArray(size) ? (size as unknown[]) : [size, size];
  return resized([height * Number(rows), width * Number(columns)], interpolation);
}

function resized(size: readonly unknown[], interpolation: unknown): Lowered | string {
  if (interpolation !== 'nearest' && interpolation !== 'bilinear')
    return `has interpolation: ${String(interpolation)}`;
  const from = [undefined, undefined];
  const rounding = 'round_prefer_ceil';
  return {
    parts: [
      resizingLayer({ from, size: size.map(Number), interpolation, coordinates: 'half_pixel', rounding }),
    ],
  };
}

function affine(scale: number, offset: number): Lowered {
  return { parts: [rescalingLayer(scale, offset)], weights: [] };
}

/** A number, or lists of them, as one list. */
function numbers(value: unknown): number[] | undefined {
  if (typeof value === 'number') return [value];
  // NumPy arrays and tensors in configs are objects with their values.
  if (isRecord(value) && isRecord(value['config'])) return numbers(value['config']['value']);
  if (!Array.isArray(value)) return undefined;
  const all = value.map(numbers);
  return all.every((each) => each !== undefined) ? all.flat() : undefined;
}
