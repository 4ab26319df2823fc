import type { LayerFacts } from './layer-facts.js';

const CROP_INSTEAD = 'Use a Cropping2D, or prepare the images before the network.';

/** Layers that prepare images, and that TensorFlow.js cannot run within a model. */
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
