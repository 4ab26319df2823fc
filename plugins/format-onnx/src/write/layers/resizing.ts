import { Refusal } from '@tersor/network';
import { sidesOf } from './shapes.js';
import { numbers, type LayerWriter, type WriteSite } from '../site.js';
import { image, imageOf, type Value } from '../value.js';
import { listed, type Padding } from './windows.js';

/** Layers that change the number of rows and columns of an image. */
export const RESIZING: Readonly<Record<string, LayerWriter>> = {
  ZeroPadding2D: (site) => pad(site, 'constant', 0),
  TersorPad2D: (site) => {
    const { mode, value } = site.layer.config;
    return pad(site, String(mode ?? 'constant'), Number(value ?? 0));
  },
  UpSampling2D: upSampling,
  TersorResize2D: resize,
};

/** Padding. If only convolutions read it, zeros are left to them. */
function pad(site: WriteSite, mode: string, value: number): Value {
  const { draft, layer, outputShape, readersPad } = site;
  const padding: Padding = sidesOf(layer.config['padding']);
  const input = imageOf(draft, site.inputs[0]!);
  const isZero = mode === 'constant' && value === 0 && padding.flat().every((side) => side >= 0);
  if (isZero && readersPad) return { ...input, shape: outputShape, padding };
  const places = draft.integers(`${layer.name}/pads`, listed([[0, 0], [0, 0], ...padding]));
  const around = mode === 'constant' ? [draft.number(value)] : [];
  const name = draft.node('Pad', layer.name, [input.name, places, ...around], { mode: { text: mode } });
  return image(name, outputShape);
}

function upSampling({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const input = imageOf(draft, inputs[0]!);
  const isLinear = layer.config['interpolation'] === 'bilinear';
  const scales = Float32Array.of(1, 1, ...numbers(layer.config['size'], 2, 2));
  const name = draft.node(
    'Resize',
    layer.name,
    [input.name, '', draft.floats(`${layer.name}/scales`, [4], scales)],
    {
      mode: { text: isLinear ? 'linear' : 'nearest' },
      coordinate_transformation_mode: { text: 'asymmetric' },
      ...(!isLinear && { nearest_mode: { text: 'floor' } }),
    },
  );
  return image(name, outputShape);
}

const MODES: Readonly<Record<string, string>> = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' };
const COORDINATES = [
  'half_pixel',
  'pytorch_half_pixel',
  'asymmetric',
  'align_corners',
  'tf_half_pixel_for_nn',
];

function resize({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const input = imageOf(draft, inputs[0]!);
  const { interpolation, coordinates, rounding, size, scales } = layer.config;
  const mode = MODES[String(interpolation ?? 'nearest')];
  if (mode === undefined) throw new Refusal(`has the interpolation "${String(interpolation)}"`);
  const places = snakeCase(coordinates ?? 'half_pixel');
  if (!COORDINATES.includes(places)) throw new Refusal(`has the coordinates "${String(coordinates)}"`);
  const attributes = {
    mode: { text: mode },
    coordinate_transformation_mode: { text: places },
    ...(mode === 'nearest' && { nearest_mode: { text: snakeCase(rounding ?? 'round_prefer_floor') } }),
    ...(mode === 'cubic' && {
      cubic_coeff_a: { float: Number(valueOf(layer.config, 'cubic_coefficient') ?? -0.75) },
      exclude_outside: { int: Number(valueOf(layer.config, 'exclude_outside') === true) },
    }),
  };
  if (scales !== undefined) {
    const factors = Float32Array.of(1, 1, ...(scales as number[]));
    const given = [input.name, '', draft.floats(`${layer.name}/scales`, [4], factors)];
    return image(draft.node('Resize', layer.name, given, attributes), outputShape);
  }
  // The operator needs all four sizes; batch and channels are copied from the input.
  const kept = draft.node('Shape', `${layer.name}/kept`, [input.name], { end: { int: 2 } });
  const positions = draft.integers(`${layer.name}/positions`, numbers(size, 2));
  const sizes = draft.node('Concat', `${layer.name}/sizes`, [kept, positions], { axis: { int: 0 } });
  return image(draft.node('Resize', layer.name, [input.name, '', '', sizes], attributes), outputShape);
}

/** A config value by its key in snake or camel case, both of which TensorFlow.js writes. */
function valueOf(config: WriteSite['layer']['config'], key: string): unknown {
  return config[key] ?? config[key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}

/** Converts a word in a config to snake case; TensorFlow.js writes both. */
function snakeCase(word: unknown): string {
  return String(word).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
