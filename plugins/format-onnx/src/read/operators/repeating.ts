import { Refusal } from '@tersor/network';
import { axisOf, lengthOf, orderOf, sizesOf, type Tensor } from '../layout/tensor.js';
import { spread } from '../builder.js';
import { constantAt, dimsOf, tensorAt, type Lowering, type Site } from '../site.js';
import { asImage, imageOf } from './image.js';
import { keepingChannels } from './pooling.js';
import { withSizes } from './shape.js';

/** Most copies of an axis, other than the positions of an image. */
const MAX_COPIES = 64;

/** Repeats axes of length 1: positions of an image by upsampling, others by concatenating copies. */
const expand: Lowering = (site) => {
  const target = [...constantAt(site, 1).data];
  const given = tensorAt(site, 0);
  const own = dimsOf(site, sizesOf(given));
  const shown = () => new Refusal(`repeats its input to [${target.join(', ')}], the batch too`);
  // More axes in front of one image: the batch is the first of them.
  const more = target.length - own.length;
  if (more > 0 && (site.batch !== 1 || target[0] !== 1)) throw shown();
  const x = more > 0 ? withSizes(site.build, given, [...target.slice(1, more).map(() => 1), ...own]) : given;
  const dims = dimsOf(site, sizesOf(x));
  const wanted = dims.map((size, i) => {
    const other = target[i + target.length - dims.length] ?? 1;
    if (size !== 1 && other !== 1 && size !== other)
      throw new Refusal(`repeats its input [${dims.join(', ')}] to [${target.join(', ')}]`);
    return Math.max(size, other);
  });
  if (wanted[0] !== site.batch) throw shown();
  return [repeated(site, x, wanted.slice(1))];
};

function repeated(site: Site, x: Tensor, sizes: readonly number[]): Tensor {
  const { build } = site;
  const grown = sizes.map((size, i) => size !== lengthOf(x.axes[i]!));
  if (!grown.includes(true)) return x;
  if (sizes.length === 3 && !grown[0]) {
    const image = asImage(build, x);
    const shape = [sizes[1]!, sizes[2]!, sizes[0]!];
    const size = [grown[1] ? sizes[1] : 1, grown[2] ? sizes[2] : 1];
    const config = { size, data_format: 'channels_last', interpolation: 'nearest' };
    const call = build.call({ className: 'UpSampling2D', config }, [image], shape);
    return keepingChannels(imageOf(call, x, shape), x);
  }
  return sizes.reduce((all, size, axis) => (grown[axis] ? joinedCopies(site, all, axis, size) : all), x);
}

function joinedCopies({ build }: Site, x: Tensor, axis: number, copies: number): Tensor {
  if (copies > MAX_COPIES) throw new Refusal(`repeats an axis ${copies} times; up to ${MAX_COPIES} are read`);
  const order = orderOf(x);
  const ready = spread(build, x, order);
  const axes = ready.axes.map((each, i) => (i === axis ? axisOf(copies) : each));
  const lies = order.map((each) => axes[each]!);
  const place = order.indexOf(axis);
  const config = { axis: place === order.length - 1 ? -1 : place + 1 };
  const parts = Array.from({ length: copies }, () => ready);
  const call = build.call({ className: 'Concatenate', config }, parts, lies.map(lengthOf));
  return { kind: 'tensor', call, axes, lies };
}

export const REPEATING: Readonly<Record<string, Lowering>> = { Expand: expand };
