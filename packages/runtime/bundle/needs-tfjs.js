// What of the reader needs tfjs.
export { imageInput } from '../src/model/image-input.ts';
export { loadModel } from '../src/model/load-model.ts';
export { modelFromArtifact } from '../src/model/model-from-artifact.ts';
