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
 * Registers Tersor's layer classes with TensorFlow.js. They are for networks from ONNX and Keras that have
 * layers which TensorFlow.js lacks. `loadModel` calls this; call it yourself before `tf.loadLayersModel`
 * reads a model.json with such layers. Calling it twice is harmless.
 */
export function registerLayers(): void {
  for (const each of CLASSES) {
    const known: unknown = each;
    serialization.registerClass(known as serialization.SerializableConstructor<serialization.Serializable>);
  }
}
