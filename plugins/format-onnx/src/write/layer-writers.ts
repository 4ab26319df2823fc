import { ActivationQuantizer } from '@tersor/network';
import { ACTIVATION_LAYERS } from './activations.js';
import { COMBINING } from './combining.js';
import { CONVOLUTIONS } from './convolutions.js';
import { dense } from './dense.js';
import { NORMALISATIONS } from './normalisation.js';
import { POOLING } from './pooling.js';
import { RESIZING } from './resizing.js';
import { roundedInput } from './rounding.js';
import { SHAPES } from './shapes.js';
import { Refusal, type LayerWriter, type WriteSite } from './site.js';
import { arranged, channelsLast, reshaped, type Value } from './value.js';

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
  [ActivationQuantizer.className]: roundedInput,
  ...Object.fromEntries(NOTHING.map((name): [string, LayerWriter] => [name, ({ inputs }) => inputs[0]!])),
};

/** The classes of layers that are written, sorted. */
export const WRITTEN_CLASSES: readonly string[] = Object.keys(WRITERS).sort();

/** Writes one call of a layer. Throws a `Refusal` for what cannot be written. */
export function writeLayer(site: WriteSite): Value {
  const { className, config } = site.layer;
  const writer = WRITERS[className];
  if (!writer) throw new Refusal(`is of the class ${className}`);
  if (config['data_format'] === 'channels_first') throw new Refusal('has its channels first');
  return writer(site);
}

/** All steps as one batch. */
function timeDistributed(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  const inner = layer.config['layer'] as { class_name: string; config: Record<string, unknown> };
  const given = site.inputs[0]!;
  const rest = given.shape.slice(1);
  const input = arranged(draft, given, channelsLast(given.shape.length));
  if ([...rest, ...outputShape].includes(undefined))
    throw new Refusal('is applied to steps whose size the model leaves open');
  const name = reshaped(draft, `${layer.name}/steps`, input.name, rest);
  const made = writeLayer({
    ...site,
    layer: { ...layer, className: inner.class_name, config: inner.config },
    inputs: [{ name, shape: rest, axes: channelsLast(rest.length) }],
    outputShape: outputShape.slice(1),
    readersPad: false,
  });
  const last = arranged(draft, made, channelsLast(made.shape.length));
  const together = reshaped(draft, `${layer.name}/together`, last.name, outputShape);
  return { name: together, shape: outputShape, axes: channelsLast(outputShape.length) };
}
