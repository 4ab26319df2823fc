import { activationParts } from './activations.js';
import type { Json, KerasLayer } from './keras-layer.js';
import type { Context, Lowered, Part } from './part.js';
import { layerScale, normalization, rescaling, resizing, upSampling } from './preprocessing.js';

/** The parts of a layer, or the reason why there are none. */
type Lowering = (layer: KerasLayer, context: Context) => Lowered | string;

/** Layers that do nothing at inference. */
const AUGMENTATIONS = [
  'RandomFlip',
  'RandomRotation',
  'RandomTranslation',
  'RandomZoom',
  'RandomContrast',
  'RandomBrightness',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomErasing',
  'RandomGaussianBlur',
  'RandomGrayscale',
  'RandomHue',
  'RandomInvert',
  'RandomPerspective',
  'RandomPosterization',
  'RandomSaturation',
  'RandomSharpness',
  'RandomShear',
  'AugMix',
  'CutMix',
  'MixUp',
  'RandAugment',
];

const passedOn: Lowering = () => one('Activation', { activation: 'linear' });

const globalPooling: Lowering = ({ className, config }, context) => {
  const { keepdims = false, ...rest } = config;
  const pooling: Part = { className, config: rest };
  if (keepdims !== true) return { parts: [pooling] };
  const isFirst = config['data_format'] === 'channels_first';
  const channels = context.inputShape()?.at(isFirst ? 1 : -1) ?? context.outputChannels();
  if (typeof channels !== 'number')
    return 'has keepdims: true, and the file does not say its number of channels';
  const spatial = className.endsWith('1D') ? [1] : [1, 1];
  const shape = isFirst ? [channels, ...spatial] : [...spatial, channels];
  return { parts: [pooling, { className: 'Reshape', config: { target_shape: shape }, ending: 'reshape' }] };
};

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ...Object.fromEntries(AUGMENTATIONS.map((className) => [className, passedOn])),
  ActivityRegularization: passedOn,
  Identity: passedOn,
  BatchNormalization: ({ config }) =>
    config['renorm'] === true
      ? 'has renorm: true, whose weights are others'
      : one('BatchNormalization', { ...config, axis: single(config['axis'] ?? -1) }),
  LayerNormalization: ({ config }) =>
    config['rms_scaling'] === true ? 'has rms_scaling: true' : one('LayerNormalization', config),
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  // The number of groups is that of channels, whatever Keras 2 writes.
  DepthwiseConv2D: ({ className, config }, { generation }) =>
    activated(className, { ...config, groups: 1 }, generation),
  SeparableConv2D: ({ className, config }, { generation }) => {
    // Keras 2 writes what every convolution has; TensorFlow.js wants those of the two kernels alone.
    const { kernel_initializer: _i, kernel_regularizer: _r, kernel_constraint: _c, ...rest } = config;
    return activated(className, { ...rest, groups: 1 }, generation);
  },
  Conv2DTranspose: ({ className, config }, { generation }) => {
    const { output_padding: padding, dilation_rate: dilation, ...rest } = config;
    if (padding !== null && padding !== undefined) return `has output_padding: ${JSON.stringify(padding)}`;
    if ([dilation].flat().some((each) => each !== undefined && each !== 1)) return 'is dilated';
    return activated(className, { ...rest, groups: 1 }, generation);
  },
  Dense: ({ className, config }, { generation }) => activated(className, config, generation),
  Activation: ({ config }, { generation }) => {
    const parts = activationParts(config['activation'], generation);
    if (typeof parts === 'string') return parts;
    return parts.length === 0
      ? one('Activation', { activation: 'linear' })
      : { parts: parts.map((part, i) => (i === parts.length - 1 ? { ...part, ending: undefined } : part)) };
  },
  ReLU: ({ config }) => {
    const { negative_slope: slope = 0, threshold = 0, max_value: max = null, ...rest } = config;
    if (threshold !== 0 || (slope !== 0 && max !== null))
      return 'has a threshold, or a negative slope and a largest value at once';
    return slope === 0
      ? one('ReLU', { ...rest, max_value: max })
      : one('LeakyReLU', { ...rest, alpha: slope });
  },
  LeakyReLU: ({ config }) => {
    const { negative_slope: slope, ...rest } = config;
    return one('LeakyReLU', slope === undefined ? rest : { ...rest, alpha: slope });
  },
  ELU: ({ config }) =>
    (config['alpha'] ?? 1) === 1 ? one('ELU', config) : `has alpha: ${String(config['alpha'])}`,
  Softmax: ({ config }) => one('Softmax', { ...config, axis: single(config['axis'] ?? -1) }),
  SpatialDropout2D: ({ config }) => {
    const shape = config['data_format'] === 'channels_first' ? [null, null, 1, 1] : [null, 1, 1, null];
    return one('Dropout', { rate: config['rate'] ?? 0.5, noise_shape: shape });
  },
  GlobalAveragePooling1D: globalPooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling1D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  UpSampling2D: upSampling,
  Resizing: resizing,
  Subtract: ({ config }) => one('TersorSubtract', config),
  Rescaling: rescaling,
  Normalization: normalization,
  LayerScale: layerScale,
  // Of keras.applications: paths that are dropped in training alone.
  StochasticDepth: ({ config }) =>
    'drop_path_rate' in config
      ? one('Activation', { activation: 'linear' })
      : 'has no drop_path_rate: it is not the one of keras.applications',
};

/**
 * Converts a Keras layer for TensorFlow.js: to itself, or to layers that compute the same. A string is the
 * reason why that is not possible.
 */
export function loweredLayer(layer: KerasLayer, context: Context): Lowered | string {
  const { className } = layer;
  if (Object.hasOwn(LOWERINGS, className)) return LOWERINGS[className]!(layer, context);
  return one(className, layer.config);
}

function one(className: string, config: Json): Lowered {
  return { parts: [{ className, config }] };
}

/** Unwraps an axis that Keras 2 writes as a list of one. */
function single(axis: unknown): unknown {
  return Array.isArray(axis) && axis.length === 1 ? (axis[0] as unknown) : axis;
}

function convolution({ className, config }: KerasLayer, { generation }: Context): Lowered | string {
  const groups = Number(config['groups'] ?? 1);
  if (config['padding'] === 'causal') return 'has padding: "causal"';
  if (groups === 1 || className === 'Conv2D')
    return activated(groups === 1 ? className : 'TersorGroupedConv2D', { ...config, groups }, generation);
  return `has groups: ${String(groups)}`;
}

/**
 * A layer with an activation; an activation without a name in TensorFlow.js becomes a separate layer after
 * it.
 */
function activated(className: string, config: Json, generation: 2 | 3): Lowered | string {
  const parts = activationParts(config['activation'], generation);
  if (typeof parts === 'string') return parts;
  const [first, ...rest] = parts;
  if (!first) return one(className, { ...config, activation: 'linear' });
  if (rest.length === 0 && first.className === 'Activation')
    return one(className, { ...config, ...first.config });
  // The input of the activation is the layer, which comes first.
  const shifted = parts.map(({ inputs, ...part }) => ({
    ...part,
    ...(inputs && { inputs: inputs.map((input) => (typeof input === 'number' ? input + 1 : 0)) }),
  }));
  return { parts: [{ className, config: { ...config, activation: 'linear' } }, ...shifted] };
}
