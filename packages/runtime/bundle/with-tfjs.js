// dist/esm/runtime.tfjs.min.js: the reader with what it needs of TensorFlow.js, and the backends that a page
// needs no further file for.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import './serve-worker.js';

export {
  ArtifactError,
  decodeArtifact,
  imageInput,
  loadModel,
  ModelLoadError,
  modelFromArtifact,
} from '../src/index.ts';
/** TensorFlow.js's core: tensors for `predict`, `setBackend`, `ready`. */
export * as tf from '@tensorflow/tfjs-core';
