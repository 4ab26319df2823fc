import { serialization } from '@tensorflow/tfjs-core';
import { ChannelShuffle } from './channel-shuffle.js';
import { FrozenPart } from './frozen-part.js';
import { GeluNew, HardSigmoid, Power } from './element-wise.js';
import { GroupedConv2D } from './grouped-conv2d.js';
import { Pad2D } from './pad2d.js';
import { Pooling2D } from './pooling2d.js';
import { Resize2D } from './resize2d.js';
import { Slice } from './slice.js';
import { Divide, Subtract } from './two-inputs.js';

const CLASSES = [
  GroupedConv2D,
  Pad2D,
  Pooling2D,
  Resize2D,
  Slice,
  ChannelShuffle,
  GeluNew,
  HardSigmoid,
  Power,
  Subtract,
  Divide,
  FrozenPart,
];

/**
 * Makes Tersor's layer classes known to TensorFlow.js, which finds the classes of a topology by their names:
 * what networks from ONNX and Keras have and TensorFlow.js lacks. `loadModel` calls it; call it before
 * `tf.loadLayersModel` reads a model.json with such layers. Twice is harmless.
 */
export function registerLayers(): void {
  for (const each of CLASSES) {
    const known: unknown = each;
    serialization.registerClass(known as serialization.SerializableConstructor<serialization.Serializable>);
  }
}
