import { TersorError, type GraphLayer } from '@tersor/core';
import { ACTIVATION } from './activation.js';
import { BATCH_NORMALIZATION } from './batch-normalization.js';
import { CONCATENATE } from './concatenate.js';
import { CONV1D } from './conv1d.js';
import { CONV2D } from './conv2d.js';
import { CONV2D_TRANSPOSE, CONV3D_TRANSPOSE } from './conv2d-transpose.js';
import { CONV3D } from './conv3d.js';
import { DENSE } from './dense.js';
import { DEPTHWISE_CONV2D } from './depthwise-conv2d.js';
import { DROPOUT } from './dropout.js';
import { ADD, AVERAGE, MAXIMUM, MINIMUM, MULTIPLY, SUBTRACT } from './element-wise.js';
import { ELU, THRESHOLDED_RELU } from './elu.js';
import { GROUPED_CONV2D } from './grouped-conv2d.js';
import { INPUT_LAYER } from './input-layer.js';
import { LAYER_NORMALIZATION } from './layer-normalization.js';
import type { LayerFacts } from './layer-facts.js';
import { LEAKY_RELU } from './leaky-relu.js';
import {
  CHANNEL_SHUFFLE,
  DIVIDE,
  FROZEN_PART,
  HARD_SIGMOID,
  OWN_SUBTRACT,
  POWER,
  SLICE,
} from './own-layers.js';
import { PAD2D, POOLING2D, RESIZE2D } from './own-positions.js';
import { PERMUTE } from './permute.js';
import { AVERAGE_POOLING, GLOBAL_POOLING, MAX_POOLING } from './pooling.js';
import { CROPPING2D, REPEAT_VECTOR, UP_SAMPLING2D, ZERO_PADDING2D } from './positions.js';
import { PRELU } from './prelu.js';
import { CENTER_CROP, RESCALING, RESIZING } from './preprocessing.js';
import { RELU } from './relu.js';
import { FLATTEN, RESHAPE } from './reshape.js';
import { SEPARABLE_CONV2D } from './separable-conv2d.js';
import { SOFTMAX } from './softmax.js';
import { TIME_DISTRIBUTED } from './time-distributed.js';

/** The known classes of stock TensorFlow.js, and Tersor's own. */
const KERAS_LAYERS: readonly LayerFacts[] = [
  INPUT_LAYER,
  CONV1D,
  CONV2D,
  CONV3D,
  CONV2D_TRANSPOSE,
  CONV3D_TRANSPOSE,
  DENSE,
  DEPTHWISE_CONV2D,
  SEPARABLE_CONV2D,
  BATCH_NORMALIZATION,
  ACTIVATION,
  RELU,
  LEAKY_RELU,
  PRELU,
  ELU,
  THRESHOLDED_RELU,
  SOFTMAX,
  ADD,
  SUBTRACT,
  MULTIPLY,
  AVERAGE,
  MAXIMUM,
  MINIMUM,
  CONCATENATE,
  FLATTEN,
  RESHAPE,
  PERMUTE,
  ...MAX_POOLING,
  ...AVERAGE_POOLING,
  ...GLOBAL_POOLING,
  ZERO_PADDING2D,
  CROPPING2D,
  UP_SAMPLING2D,
  REPEAT_VECTOR,
  ...DROPOUT,
  TIME_DISTRIBUTED,
  LAYER_NORMALIZATION,
  RESCALING,
  CENTER_CROP,
  RESIZING,
  GROUPED_CONV2D,
  PAD2D,
  POOLING2D,
  RESIZE2D,
  SLICE,
  CHANNEL_SHUFFLE,
  HARD_SIGMOID,
  POWER,
  OWN_SUBTRACT,
  DIVIDE,
  FROZEN_PART,
];

const table = new Map(KERAS_LAYERS.map((facts) => [facts.className, facts]));

/** The facts about a layer's class; `undefined` for an unknown class. */
export function factsOf({ className }: Pick<GraphLayer, 'className'>): LayerFacts | undefined {
  return table.get(className);
}

/** All records, in the order of the table in the docs. */
export function knownLayers(): LayerFacts[] {
  return [...table.values()];
}

/**
 * Adds a layer class, for the whole process. It must also be registered with TensorFlow.js
 * (`tf.serialization.registerClass`). Registering the same record twice is harmless. Throws
 * `PLUGIN_DUPLICATE` if there is another record for the class name.
 */
export function registerLayerFacts(facts: LayerFacts): void {
  const known = table.get(facts.className);
  if (known && known !== facts) {
    throw new TersorError('PLUGIN_DUPLICATE', `The layer class "${facts.className}" is already registered.`, {
      hint: 'Give your layer another class name, for instance with your package name as a prefix.',
    });
  }
  table.set(facts.className, facts);
}
