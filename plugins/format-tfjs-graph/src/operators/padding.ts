import { Refusal, rescalingLayer, type Pair } from '@tersor/network';
import { text } from '../node.js';
import { anyTensor, asInFile, placeOf, type Operator, type Site } from '../site.js';
import { numbersOf, type Tensor } from '../value.js';

/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Rows and columns of zeros around an image. */
export function zeroPadded(site: Site, x: Tensor, padding: readonly [Pair, Pair], ending?: string): Tensor {
  const config = { padding, data_format: 'channels_last' };
  const shape = grown(x, padding);
  return site.add({ className: 'ZeroPadding2D', config, inputs: [x], shape, ending: ending ?? 'pad' });
}

function grown({ shape }: Tensor, sides: readonly Pair[]): Tensor['shape'] {
  return shape.map((length, axis) =>
    length === undefined ? undefined : length + (sides[axis]?.[0] ?? 0) + (sides[axis]?.[1] ?? 0),
  );
}

/** Pad, PadV2 and MirrorPad, of images; channels by zeros alone. */
export const pad: Operator = (site) => {
  const { node, inputs } = site;
  const given = anyTensor(site, 0);
  if (given.shape.length !== 3) throw new Refusal(`reads ${given.shape.length + 1} axes, not 4`);
  const flat = numbersOf(inputs[1], 'paddings');
  if (flat.some(Number.isNaN))
    throw new Refusal('pads by what follows from the size of the image: give "inputShape"');
  const sides = [0, 1, 2, 3].map((axis): Pair => [flat[2 * axis]!, flat[2 * axis + 1]!]);
  const stated = node.op === 'PadV2' ? numbersOf(inputs[2], 'a value')[0]! : 0;
  // Files say minus infinity before a maximum; a config has numbers alone.
  const value = Math.max(-LARGEST, Math.min(LARGEST, stated));
  const mode = node.op === 'MirrorPad' ? text(node, 'mode') : 'CONSTANT';
  if (Math.max(...sides[0]!) > 0) throw new Refusal('pads the batch');
  if (mode === 'SYMMETRIC') throw new Refusal('has mode: SYMMETRIC');
  // An image stored in another axis order is padded in that order.
  const order = (given.lies ?? [0, 1, 2]).map((axis) => sides[axis + 1]!);
  const isKept = Math.max(...order[2]!) === 0;
  const x = isKept ? given : asInFile(site, given);
  const [rows, columns, channels] = (isKept ? order : sides.slice(1)) as [Pair, Pair, Pair];
  if (!isKept && (value !== 0 || mode !== 'CONSTANT'))
    throw new Refusal('pads the channels with other values than 0');
  const isImage = Math.max(...rows, ...columns) > 0;
  const wide = isKept ? x : moreChannels(site, x, channels, isImage);
  if (!isImage) return wide;
  const isZero = value === 0 && mode === 'CONSTANT';
  const { layer } = site.add({
    className: isZero ? 'ZeroPadding2D' : 'TersorPad2D',
    config: {
      padding: [rows, columns],
      ...(!isZero && { value, mode: mode === 'REFLECT' ? 'reflect' : 'constant' }),
    },
    inputs: [wide],
    shape: wide.shape,
  });
  const around = [0, 1, 2].map((axis) => [rows, columns, [0, 0] as Pair][placeOf(wide, axis)]!);
  return { ...wide, layer, shape: grown(wide, around) };
};

/** Appends channels of zeros, as a slice of the channels times zero. */
function moreChannels(site: Site, x: Tensor, [before, after]: Pair, isFollowed: boolean): Tensor {
  const channels = x.shape[2];
  if (channels === undefined || Math.max(before, after) > channels)
    throw new Refusal(`adds ${Math.max(before, after)} channels to ${String(channels)}`);
  const zeros = (count: number, side: string): Tensor[] => {
    if (count === 0) return [];
    const shape = [...x.shape.slice(0, 2), count];
    const part =
      count === channels
        ? x
        : site.add({
            className: 'TersorSlice',
            config: { axis: 3, start: 0, end: count, step: 1 },
            inputs: [x],
            shape,
            ending: `${side}_part`,
          });
    return [site.add({ ...rescalingLayer(0, 0), inputs: [part], shape, ending: `${side}_zeros` })];
  };
  const inputs = [...zeros(before, 'before'), x, ...zeros(after, 'after')];
  const shape = [...x.shape.slice(0, 2), channels + before + after];
  const ending = isFollowed ? { ending: 'channels' } : {};
  return site.add({ className: 'Concatenate', config: { axis: -1 }, inputs, shape, ...ending });
}
