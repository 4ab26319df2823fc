import { KEPT } from './channel-rules.js';
import type { LayerFacts } from './layer-facts.js';

const CROP_INSTEAD = 'Use a Cropping2D, or prepare the images before the network.';

/** Layers for image preprocessing that TensorFlow.js cannot run within a model. */
export const CENTER_CROP: LayerFacts = {
  className: 'CenterCrop',
  problem: () => ({
    what: 'makes a model that TensorFlow.js cannot run: it changes the input shape of the layer before it',
    hint: CROP_INSTEAD,
  }),
};
export const RESIZING: LayerFacts = {
  className: 'Resizing',
  problem: () => ({
    what: 'makes a model that TensorFlow.js cannot run: it leaves the batch out of its output shape',
    hint: CROP_INSTEAD,
  }),
};

/** `x * scale + offset`, with one number each. */
export const RESCALING: LayerFacts = {
  className: 'Rescaling',
  channels: KEPT,
  operations: ({ layer, inputShapes }) => {
    const channels = inputShapes[0]!.at(-1);
    if (channels === undefined) return undefined;
    const weight = (value: unknown) => ({
      shape: [channels],
      data: new Float32Array(channels).fill(Number(value)),
    });
    const { scale, offset = 0 } = layer.config;
    return [{ operation: { kind: 'scale-shift', scale: weight(scale), shift: weight(offset) } }];
  },
  rides: 'always',
};
