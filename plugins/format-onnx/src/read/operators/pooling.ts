import { Refusal, isNothing, paddingWord, type Pads, type Pair } from '@tersor/network';
import { integer, integersOf, optionalIntegers } from '../attributes.js';
import { lying, type Builder } from '../builder.js';
import { isSame, isSameSet, lengthOf, type Tensor } from '../layout/tensor.js';
import { innerAxes, optionalConstant, tensorAt, type Lowering, type Site } from '../site.js';
import { scaleShift } from './affine.js';
import { magnitude, powered } from './arithmetic.js';
import { asImage, imageOf, heightAndWidth, zeroPadded } from './image.js';
import { sliced } from './slicing.js';
import { padsOf } from './window.js';

/** MaxPool and AveragePool. */
const pool =
  (operation: 'max' | 'average'): Lowering =>
  (site) => {
    const { node, build } = site;
    const x = tensorAt(site, 0);
    const isRow = x.axes.length === 2;
    const image = asImage(build, x);
    const size = heightAndWidth(optionalIntegers(node, 'kernel_shape'), 1);
    const strides = heightAndWidth(optionalIntegers(node, 'strides'), 1);
    const dilation = heightAndWidth(optionalIntegers(node, 'dilations'), 1);
    const reach: Pair = [(size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1];
    const isDilated = dilation.some((rate, i) => rate !== 1 && size[i]! > 1);
    const [h, w, channels] = image.lies.map(lengthOf) as [number, number, number];
    const stated = padsOf(node, [h, w], reach, strides, isRow);
    const { pads, results } = ceiled(site, [h, w], stated, reach, strides);
    // A window never starts after the last row, so rows beyond that do not count.
    const isCounted = integer(node, 'count_include_pad', 0) === 1 && operation === 'average';
    const isGrown = pads.join() !== stated.join();
    if (isCounted && isGrown && !isNothing(stated))
      throw new Refusal('counts its padding in a mean over windows that are cut off (ceil_mode)');
    const shape = [...results, channels];
    if (isDilated && operation === 'average') throw new Refusal('is dilated');
    if (isDilated) return [dilatedMax(site, x, pads, { size, strides, dilation, results })];
    const same = isCounted && !isNothing(stated) ? undefined : paddingWord(pads, [h, w], size, strides);
    const layer =
      same !== undefined
        ? {
            className: operation === 'max' ? 'MaxPooling2D' : 'AveragePooling2D',
            config: { pool_size: size, strides, padding: same, data_format: 'channels_last' },
          }
        : {
            className: 'TersorPooling2D',
            config: {
              operation,
              pool_size: size,
              strides,
              padding: pads,
              count_padding: isCounted && !isGrown,
            },
          };
    // If no value is below 0, padding with zeros never changes the maximum.
    const isPositive = operation === 'max' && same === undefined && isRectified(build, x);
    const result = isPositive
      ? build.call({ ...layer, ...stockPool(size, strides) }, [zeroPadded(build, image, pads)], shape)
      : build.call(layer, [image], shape);
    return [keepingChannels(imageOf(result, x, shape), x)];
  };

/** Less than any value in a network; a file cannot store -Infinity as a number. */
const LOWEST = -3.4e38;

/** The largest of a window's rows, then of its columns: each is a slice of the padded image. */
function dilatedMax(
  site: Site,
  x: Tensor,
  pads: Pads,
  { size, strides, dilation, results }: Readonly<Record<'size' | 'strides' | 'dilation' | 'results', Pair>>,
): Tensor {
  const { build } = site;
  const image = asImage(build, x);
  const [h, w, channels] = image.lies.map(lengthOf) as [number, number, number];
  const grown = [h + pads[0][0] + pads[0][1], w + pads[1][0] + pads[1][1], channels];
  const config = { padding: pads, mode: 'constant', value: LOWEST };
  const call = isNothing(pads)
    ? image.call
    : build.call({ className: 'TersorPad2D', config }, [image], grown);
  const padded = keepingChannels(imageOf(call, x, grown), x);
  return [0, 1].reduce((result, i) => {
    // A sequence has no axis for its one row.
    const axis = x.axes.length === 3 ? i + 1 : i;
    if (axis === 0) return result;
    const parts = Array.from({ length: size[i]! }, (_, tap) => {
      const from = tap * dilation[i]!;
      return sliced(site, result, axis, from, from + (results[i]! - 1) * strides[i]! + 1, strides[i]!);
    });
    if (parts.length === 1) return parts[0]!;
    const like = parts[0]!;
    return { ...like, call: build.call({ className: 'Maximum' }, parts, like.lies.map(lengthOf)) };
  }, padded);
}

function stockPool(size: Pair, strides: Pair) {
  return {
    className: 'MaxPooling2D',
    config: { pool_size: size, strides, padding: 'valid', data_format: 'channels_last' },
  };
}

/** Whether a tensor comes from an activation whose results are never below 0. */
function isRectified({ layers }: Builder, { call }: Tensor): boolean {
  const { className, config } = layers[call]!;
  return className === 'ReLU' || ['relu', 'relu6', 'sigmoid'].includes(String(config['activation']));
}

/** The result of a layer that only changes positions, with the channels of its input. */
export function keepingChannels(result: Tensor, from: Tensor): Tensor {
  const channels = from.axes[0]!;
  return {
    ...result,
    axes: [channels, ...result.axes.slice(1)],
    lies: [...result.lies.slice(0, -1), channels],
  };
}

/** With `ceil_mode`, the last window may extend beyond the padding, unless it starts there. */
function ceiled({ node }: Site, sizes: Pair, pads: Pads, size: Pair, strides: Pair) {
  const isCeiled = integer(node, 'ceil_mode', 0) === 1;
  const results: number[] = [];
  const grown = pads.map(([before, after], i) => {
    const steps = (sizes[i]! + before + after - size[i]!) / strides[i]!;
    let count = (isCeiled ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (isCeiled && (count - 1) * strides[i]! >= sizes[i]! + before) count--;
    if (!(count >= 1)) throw new Refusal('has a window larger than its input');
    results.push(count);
    const reached = (count - 1) * strides[i]! + size[i]! - sizes[i]! - before;
    return [before, Math.max(after, reached)];
  });
  return { pads: grown as unknown as Pads, results: results as unknown as Pair };
}

/** A mean or maximum over some axes of the file: all positions of an image, mostly. */
export function reduced(
  build: Builder,
  x: Tensor,
  axes: readonly number[],
  className: 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D',
): Tensor {
  const gone = axes.flatMap((axis) => x.axes[axis]!);
  if (gone.length === 0) return { ...x, axes: x.axes.map((axis, i) => (axes.includes(i) ? [] : axis)) };
  const kept = x.lies.flat().filter((factor) => !gone.includes(factor));
  const isImage =
    x.lies.length === 3 && isSameSet(x.lies.slice(0, 2).flat(), gone) && isSame(x.lies[2]!, kept);
  const image = isImage
    ? x
    : lying(build, x, [x.lies.flat().filter((factor) => gone.includes(factor)), [], kept]);
  const config = { data_format: 'channels_last' };
  const call = build.call({ className, config }, [image], [lengthOf(kept)]);
  return {
    kind: 'tensor',
    call,
    axes: x.axes.map((axis, i) => (axes.includes(i) ? [] : axis)),
    lies: [kept],
  };
}

const globalPool =
  (className: 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D'): Lowering =>
  (site) => {
    const x = tensorAt(site, 0);
    return [reduced(site.build, x, x.axes.map((_axis, i) => i).slice(1), className)];
  };

/** A value of each tensor before it is reduced, and one of the result after it. */
interface Reduction {
  readonly by: 'GlobalAveragePooling2D' | 'GlobalMaxPooling2D';
  readonly before?: (build: Builder, x: Tensor) => Tensor;
  readonly after?: (build: Builder, result: Tensor, count: number) => Tensor;
}

const negative = (build: Builder, x: Tensor) => scaleShift(build, x, -1, 0);
const squared = (build: Builder, x: Tensor) => powered(build, x, 2);
const summed = (build: Builder, mean: Tensor, count: number) => scaleShift(build, mean, count, 0);

/** ReduceMean and similar operators. */
const reduce =
  ({ by, before, after }: Reduction): Lowering =>
  (site) => {
    const { node, build } = site;
    const x = tensorAt(site, 0);
    const rank = x.axes.length + 1;
    const listed = integersOf(node, 'axes', () => optionalConstant(site, 1));
    if (!listed?.length && integer(node, 'noop_with_empty_axes', 0) === 1) return [x];
    if (!listed?.length) throw new Refusal('works along the batch');
    const axes = innerAxes(listed, rank);
    const count = axes.reduce((product, axis) => product * lengthOf(x.axes[axis]!), 1);
    const plain = reduced(build, before?.(build, x) ?? x, axes, by);
    const result = after?.(build, plain, count) ?? plain;
    if (integer(node, 'keepdims', 1) === 1) return [result];
    return [{ ...result, axes: result.axes.filter((_axis, i) => !axes.includes(i)) }];
  };

const MEAN = { by: 'GlobalAveragePooling2D' } as const;
const LARGEST = { by: 'GlobalMaxPooling2D' } as const;

export const POOLING: Readonly<Record<string, Lowering>> = {
  MaxPool: pool('max'),
  AveragePool: pool('average'),
  GlobalAveragePool: globalPool('GlobalAveragePooling2D'),
  GlobalMaxPool: globalPool('GlobalMaxPooling2D'),
  ReduceMean: reduce(MEAN),
  ReduceMax: reduce(LARGEST),
  ReduceMin: reduce({ ...LARGEST, before: negative, after: negative }),
  ReduceSum: reduce({ ...MEAN, after: summed }),
  ReduceSumSquare: reduce({ ...MEAN, before: squared, after: summed }),
  ReduceL1: reduce({ ...MEAN, before: magnitude, after: summed }),
  ReduceL2: reduce({
    ...MEAN,
    before: squared,
    after: (build, mean, count) => powered(build, summed(build, mean, count), 0.5),
  }),
};
