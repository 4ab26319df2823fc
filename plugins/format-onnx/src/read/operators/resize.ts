import { Refusal, resizingLayer, type Pads, type Pair } from '@tersor/network';
import { float, integer, integersOf, text } from '../attributes.js';
import { lengthOf, type Tensor } from '../layout/tensor.js';
import { constantAt, optionalConstant, scalarOf, tensorAt, type Lowering, type Site } from '../site.js';
import { asImage, imageOf, zeroPadded } from './image.js';
import { keepingChannels } from './pooling.js';

/** Applies a layer that only changes height and width to an image. */
function ofImage(site: Site, x: Tensor, size: Pair, className: string, config: object): Tensor {
  const image = asImage(site.build, x);
  const shape = [...size, lengthOf(image.lies[2]!)];
  const call = site.build.call({ className, config: { ...config } }, [image], shape);
  return keepingChannels(imageOf(call, x, shape), x);
}

/** Factors, or sizes, of all axes, of which those of the batch and the channels are 1 or the same. */
function positions(values: readonly number[], x: Tensor, before: readonly number[]): number[] {
  const rest = values.length - (x.axes.length - 1);
  if (rest === 0) return [...values];
  if (rest !== 2 || values.slice(0, 2).some((value, i) => value !== before[i]))
    throw new Refusal(`changes channels or the batch: [${values.join(', ')}]`);
  return values.slice(2);
}

const MODES: Readonly<Record<string, 'nearest' | 'bilinear' | 'bicubic'>> = {
  nearest: 'nearest',
  linear: 'bilinear',
  bilinear: 'bilinear',
  cubic: 'bicubic',
};

const COORDINATES = [
  'half_pixel',
  'pytorch_half_pixel',
  'asymmetric',
  'align_corners',
  'tf_half_pixel_for_nn',
];

interface Resizing {
  readonly scales: readonly number[] | undefined;
  readonly sizes: readonly number[] | undefined;
  readonly coordinates: string;
  readonly rounding: string;
}

function resized(site: Site, { scales, sizes, coordinates, rounding }: Resizing): Tensor {
  const x = tensorAt(site, 0);
  const { node } = site;
  const mode = text(node, 'mode', 'nearest');
  const interpolation = MODES[mode];
  if (!interpolation) throw new Refusal(`resizes by mode = ${mode}`);
  if (!COORDINATES.includes(coordinates))
    throw new Refusal(`has coordinate_transformation_mode = ${coordinates}`);
  const lengths = x.axes.slice(1).map(lengthOf);
  const channels = lengthOf(x.axes[0]!);
  const factors = scales && positions(scales, x, [1, 1]);
  const given = sizes
    ? positions(sizes, x, [site.batch, channels])
    : lengths.map((length, i) => Math.floor(length * factors![i]!));
  const size: Pair = given.length === 1 ? [1, given[0]!] : [given[0]!, given[1]!];
  const whole = given.map((length, i) => length / lengths[i]!);
  // If a factor does not give an integer number of positions, ONNX still uses the factor.
  const isExact = !factors?.some((factor, i) => Math.abs(factor - whole[i]!) > 1e-6 * factor);
  if (isExact && interpolation !== 'bicubic') {
    const from = lengths.length === 1 ? [1, ...lengths] : lengths;
    const layer = resizingLayer({ from, size, interpolation, coordinates, rounding });
    return ofImage(site, x, size, layer.className, layer.config);
  }
  return ofImage(site, x, size, 'TersorResize2D', {
    size,
    interpolation,
    coordinates,
    rounding,
    ...(!isExact && { scales: factors!.length === 1 ? [1, factors![0]] : factors }),
    ...(interpolation === 'bicubic' && {
      cubic_coefficient: float(node, 'cubic_coeff_a', -0.75),
      exclude_outside: integer(node, 'exclude_outside', 0) === 1,
    }),
  });
}

/** Before opset 11, it is Upsample by another name, with scales as its second input. */
const resize: Lowering = (site) => {
  const { node, opset } = site;
  const filled = (index: number) => {
    const constant = optionalConstant(site, index);
    return constant && constant.data.length > 0 ? [...constant.data] : undefined;
  };
  const [scales, sizes] = opset < 11 ? [filled(1), undefined] : [filled(2), filled(3)];
  if (!scales && !sizes) throw new Refusal('says neither scales nor sizes');
  const policy = text(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch' || node.attributes.has('axes'))
    throw new Refusal('resizes some axes, or in proportion');
  if (node.attributes.get('antialias')?.i) throw new Refusal('resizes with antialias');
  return [
    resized(site, {
      scales,
      sizes,
      coordinates: text(node, 'coordinate_transformation_mode', opset < 11 ? 'asymmetric' : 'half_pixel'),
      rounding: text(node, 'nearest_mode', opset < 11 ? 'floor' : 'round_prefer_floor'),
    }),
  ];
};

const upsample: Lowering = (site) => {
  const scales = [...(site.node.attributes.get('scales')?.floats ?? constantAt(site, 1).data)];
  return [resized(site, { scales, sizes: undefined, coordinates: 'asymmetric', rounding: 'floor' })];
};

/** Pads an image. The numbers are an attribute before opset 11, and an input since. */
const pad: Lowering = (site) => {
  const { node, opset } = site;
  const x = tensorAt(site, 0);
  const rank = x.axes.length + 1;
  const pads = integersOf(node, 'pads', () => constantAt(site, 1)) ?? [];
  const listed = optionalConstant(site, 3);
  const all = new Array<number>(2 * rank).fill(0);
  const axes = listed
    ? [...listed.data].map((axis) => (axis < 0 ? axis + rank : axis))
    : all.map((_, i) => i).slice(0, rank);
  if (pads.length !== 2 * axes.length) throw new Refusal(`has the pads [${pads.join(', ')}]`);
  axes.forEach((axis, i) => {
    all[axis] = pads[i]!;
    all[axis + rank] = pads[i + axes.length]!;
  });
  if (all.every((side) => side === 0)) return [x];
  if ([0, 1, rank, rank + 1].some((i) => all[i] !== 0)) throw new Refusal('adds channels, or to the batch');
  const sides = Array.from({ length: rank - 2 }, (_, i) => [all[i + 2]!, all[i + 2 + rank]!] as const);
  const own = (sides.length === 1 ? [[0, 0], ...sides] : sides) as unknown as Pads;
  const given = opset < 11 ? undefined : optionalConstant(site, 2);
  const value = given && given.data.length > 0 ? scalarOf(given) : (node.attributes.get('value')?.f ?? 0);
  const mode = text(node, 'mode', 'constant');
  if (mode === 'constant' && value === 0) {
    const image = zeroPadded(site.build, asImage(site.build, x), own);
    return [keepingChannels(image, x)];
  }
  if (!['constant', 'reflect', 'edge'].includes(mode)) throw new Refusal(`pads by mode = ${mode}`);
  if (own.flat().some((side) => side < 0)) throw new Refusal('takes rows away');
  const image = asImage(site.build, x);
  const size = image.lies.slice(0, 2).map((axis, i) => lengthOf(axis) + own[i]![0] + own[i]![1]);
  return [ofImage(site, x, size as unknown as Pair, 'TersorPad2D', { padding: own, mode, value })];
};

export const RESIZE: Readonly<Record<string, Lowering>> = { Resize: resize, Upsample: upsample, Pad: pad };
