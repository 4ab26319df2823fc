import { Refusal, ActivationQuantizer } from '@tersor/network';
import { ACTIVATION_LAYERS } from './activations.js';
import { COMBINING } from './combining.js';
import { CONVOLUTIONS } from './convolutions.js';
import { dense } from './dense.js';
import { FROZEN_PART, frozenPart } from './frozen-part.js';
import { NORMALISATIONS } from './normalisation.js';
import { POOLING } from './pooling.js';
import { RESIZING } from './resizing.js';
import { roundedInput } from './rounding.js';
import { SHAPES } from './shapes.js';
import type { LayerWriter, WriteSite } from '../site.js';
import type { Value } from '../value.js';

/** Layers that do nothing at inference. */
const NOTHING = [
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
  'ActivityRegularization',
];

/** Layers that treat all positions alike. */
const BY_POSITION = ['Dense', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Dropout'];

const WRITERS: Readonly<Record<string, LayerWriter>> = {
  ...CONVOLUTIONS,
  ...NORMALISATIONS,
  ...ACTIVATION_LAYERS,
  ...COMBINING,
  ...POOLING,
  ...SHAPES,
  ...RESIZING,
  Dense: dense,
  TimeDistributed: timeDistributed,
  [FROZEN_PART]: frozenPart,
  [ActivationQuantizer.className]: roundedInput,
  ...Object.fromEntries(NOTHING.map((name): [string, LayerWriter] => [name, ({ inputs }) => inputs[0]!])),
};

/** The layer classes that can be written, sorted. */
export const WRITTEN_CLASSES: readonly string[] = Object.keys(WRITERS).sort();

/** Writes one call of a layer. Throws a `Refusal` if it cannot be written. */
export function writeLayer(site: WriteSite): Value {
  const { className, config } = site.layer;
  const writer = WRITERS[className];
  if (!writer) throw new Refusal(`is of the class ${className}`);
  if (config['data_format'] === 'channels_first') throw new Refusal('has its channels first');
  return writer(site);
}

/** Applies a layer that treats all positions alike to all steps at once. */
function timeDistributed(site: WriteSite): Value {
  const { layer } = site;
  const inner = layer.config['layer'] as { class_name: string; config: Record<string, unknown> };
  if (!BY_POSITION.includes(inner.class_name))
    throw new Refusal(`applies a ${inner.class_name} to the steps of a sequence`);
  return writeLayer({ ...site, layer: { ...layer, className: inner.class_name, config: inner.config } });
}
