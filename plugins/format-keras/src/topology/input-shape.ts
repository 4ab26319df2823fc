import { isRecord, TersorError } from '@tersor/core';
import type { Json } from './keras-layer.js';

/** What Keras 3 and Keras 2 call the shape of an input, with the batch. */
const KEYS = ['batch_shape', 'batch_input_shape'];

/**
 * The topology with sizes of its input image where it leaves them open. Throws `MODEL_UNSUPPORTED` where the
 * file states others, or has no input, or several.
 */
export function withInputShape(model: Json, sizes: readonly number[], origin: string): Json {
  const { config } = model;
  const layers = isRecord(config) && Array.isArray(config['layers']) ? (config['layers'] as unknown[]) : [];
  const inputs = layers.filter((layer) => isRecord(layer) && layer['class_name'] === 'InputLayer');
  const wanted = inputs.length > 0 ? inputs : layers.slice(0, 1);
  if (wanted.length !== 1)
    throw unsupported(`${origin} has ${wanted.length} inputs; inputShape is for networks with one input.`);
  const [input] = wanted;
  const fixed =
    isRecord(input) && isRecord(input['config']) ? fixedConfig(input['config'], sizes, origin) : undefined;
  if (!fixed) throw unsupported(`${origin} has no input whose shape is stated.`);
  return {
    ...model,
    config: {
      ...(config as Json),
      layers: layers.map((layer) => (layer === input ? { ...(layer as Json), config: fixed } : layer)),
    },
  };
}

function fixedConfig(config: Json, sizes: readonly number[], origin: string): Json | undefined {
  const key = KEYS.find((each) => Array.isArray(config[each]));
  if (key === undefined) return undefined;
  const [batch, ...stated] = config[key] as unknown[];
  const fits = stated.length === sizes.length && stated.every((size, i) => (size ?? sizes[i]) === sizes[i]);
  if (!fits)
    throw unsupported(
      `The input of ${origin} is [${stated.map((size) => size ?? '?').join(', ')}], which inputShape [${sizes.join(', ')}] does not fit.`,
    );
  return { ...config, [key]: [batch, ...sizes] };
}

function unsupported(message: string): TersorError {
  return new TersorError('MODEL_UNSUPPORTED', message, {
    hint: 'Name the sizes of one image as Keras has them: --format keras --format-option inputShape=[224,224,3].',
  });
}
