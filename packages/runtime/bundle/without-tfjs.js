// dist/esm/runtime.min.js: the reader alone, for a page that has TensorFlow.js from a <script> of its own, or
// that only decodes. What needs tfjs is evaluated when it is first called, and finds it in the global `tf`.
import './serve-worker.js';

export { ArtifactError, decodeArtifact, ModelLoadError } from '../src/index.ts';

/** As `loadModel` of the package; `tf`, the global of TensorFlow.js's own script, must be there. */
export async function loadModel(...args) {
  return (await withTfjs()).loadModel(...args);
}

/** As `modelFromArtifact` of the package; `tf` must be there. */
export async function modelFromArtifact(...args) {
  return (await withTfjs()).modelFromArtifact(...args);
}

/** As `imageInput` of the package; `tf` must be there. */
export async function imageInput(...args) {
  return (await withTfjs()).imageInput(...args);
}

function withTfjs() {
  if (!globalThis.tf?.layers)
    throw new Error(
      'There is no global `tf`: load TensorFlow.js by a <script> first, or import runtime.tfjs.min.js.',
    );
  return import('./needs-tfjs.js');
}
