import type { GraphLayer } from '@tersor/core';

/** Values of an image, row by row, the channels innermost; a vector is 1 x 1. */
export interface Image {
  readonly data: Float64Array;
  /** Height, width, channels. */
  readonly shape: readonly [number, number, number];
}

type Config = GraphLayer['config'];
type Place = readonly [row: number, column: number, channel: number];

/**
 * The layers that Tersor adds to those of TensorFlow.js, in plain loops: each says what a value of its
 * result is. The grouped convolution is not among them. `undefined` for other classes.
 */
export function applyOwnLayer(
  { className, config, weights }: GraphLayer,
  inputs: readonly Image[],
): Image | undefined {
  const [image, other] = inputs as [Image, Image];
  const [height, width, channels] = image.shape;
  const at = ({ data, shape }: Image, [row, column, channel]: Place) =>
    data[(row * shape[1] + column) * shape[2] + channel]!;
  switch (className) {
    case 'TersorPad2D': {
      const [[top, bottom], [left, right]] = config['padding'] as [[number, number], [number, number]];
      return imageOf([height + top + bottom, width + left + right, channels], ([row, column, channel]) => {
        const [y, x] = [padded(row - top, height, config), padded(column - left, width, config)];
        return y === undefined || x === undefined ? Number(config['value']) : at(image, [y, x, channel]);
      });
    }
    case 'TersorPooling2D':
      return pooled(image, config);
    case 'TersorResize2D': {
      const [tall, wide] = config['size'] as [number, number];
      return imageOf([tall, wide, channels], ([row, column, channel]) => {
        let sum = 0;
        for (const [y, down] of resizedPlaces(row, height, tall, config))
          for (const [x, across] of resizedPlaces(column, width, wide, config))
            sum += down * across * at(image, [y, x, channel]);
        return sum;
      });
    }
    case 'TersorSlice': {
      const { axis, start, end, step } = config as Record<'axis' | 'start' | 'end' | 'step', number>;
      const cut = (length: number, i: number) => (i === axis - 1 ? Math.ceil((end - start) / step) : length);
      return imageOf(image.shape.map(cut) as [number, number, number], (place) =>
        at(
          image,
          place.map((index, i) => (i === axis - 1 ? start + index * step : index)) as unknown as Place,
        ),
      );
    }
    case 'TersorChannelShuffle': {
      const groups = Number(config['groups']);
      const size = channels / groups;
      return imageOf(image.shape, ([row, column, channel]) =>
        at(image, [row, column, (channel % groups) * size + Math.floor(channel / groups)]),
      );
    }
    case 'TersorHardSigmoid': {
      const [alpha, beta] = [Number(config['alpha']), Number(config['beta'])];
      return { ...image, data: image.data.map((value) => Math.max(0, Math.min(1, alpha * value + beta))) };
    }
    case 'TersorPower':
      return { ...image, data: image.data.map((value) => value ** Number(config['exponent'])) };
    case 'TersorFrozenPart':
      return attended(image, weights[0]!.data[0]!);
    case 'TersorSubtract':
      return { ...image, data: image.data.map((value, i) => value - other.data[i]!) };
    case 'TersorDivide':
      return { ...image, data: image.data.map((value, i) => value / other.data[i]!) };
  }
  return undefined;
}

function imageOf(shape: Image['shape'], valueAt: (place: Place) => number): Image {
  const [height, width, channels] = shape;
  const data = Float64Array.from({ length: height * width * channels }, (_, i) => {
    const position = Math.floor(i / channels);
    return valueAt([Math.floor(position / width), position % width, i % channels]);
  });
  return { data, shape };
}

/** The index within the image that a padded one shows; `undefined` where that is the constant. */
function padded(index: number, length: number, config: Config): number | undefined {
  if (index >= 0 && index < length) return index;
  if (config['mode'] === 'edge') return index < 0 ? 0 : length - 1;
  if (config['mode'] === 'reflect') return index < 0 ? -index : 2 * (length - 1) - index;
  return undefined;
}

/**
 * The frozen part of the contract's networks: each position becomes a mean of all, weighted by how alike they
 * are.
 */
function attended({ data, shape }: Image, scale: number): Image {
  const channels = shape[2];
  const positions = Array.from({ length: data.length / channels }, (_, i) =>
    data.subarray(i * channels, (i + 1) * channels),
  );
  const rows = positions.map((own) => {
    const shares = positions.map((other) =>
      Math.exp(scale * own.reduce((sum, value, channel) => sum + value * other[channel]!, 0)),
    );
    const whole = shares.reduce((sum, share) => sum + share, 0);
    return own.map((_, channel) =>
      positions.reduce((sum, other, i) => sum + (shares[i]! / whole) * other[channel]!, 0),
    );
  });
  return { data: Float64Array.from(rows.flatMap((row) => [...row])), shape };
}

function pooled({ data, shape: [height, width, channels] }: Image, config: Config): Image {
  const [tall, wide] = config['pool_size'] as [number, number];
  const [down, right] = config['strides'] as [number, number];
  const [[top, bottom], [left, far]] = config['padding'] as [[number, number], [number, number]];
  const rows = Math.floor((height + top + bottom - tall) / down) + 1;
  const columns = Math.floor((width + left + far - wide) / right) + 1;
  return imageOf([rows, columns, channels], ([row, column, channel]) => {
    const seen: number[] = [];
    for (let y = row * down - top; y < row * down - top + tall; y++)
      for (let x = column * right - left; x < column * right - left + wide; x++)
        if (y >= 0 && y < height && x >= 0 && x < width)
          seen.push(data[(y * width + x) * channels + channel]!);
    if (config['operation'] === 'max') return Math.max(...seen);
    const count = config['count_padding'] === true ? tall * wide : seen.length;
    return seen.reduce((sum, value) => sum + value, 0) / count;
  });
}

/** The pixels of an axis that a resized one is made of, and their shares: ONNX's Resize, case by case. */
function resizedPlaces(index: number, from: number, to: number, config: Config): [number, number][] {
  const scale = to / from;
  const place = {
    half_pixel: (index + 0.5) / scale - 0.5,
    asymmetric: index / scale,
    align_corners: (index * (from - 1)) / (to - 1),
  }[String(config['coordinates'])]!;
  const inside = (at: number) => Math.max(0, Math.min(from - 1, at));
  if (config['interpolation'] === 'nearest') return [[inside(Math.floor(place + 1e-9)), 1]];
  const lower = Math.floor(inside(place));
  const share = inside(place) - lower;
  return [[lower, 1 - share], ...(share > 0 ? [[lower + 1, share] as [number, number]] : [])];
}
