export { ArtifactError, type ArtifactErrorCode } from './artifact/artifact-error.js';
export {
  decodeArtifact,
  type DecodedArtifact,
  type DecodedWeight,
  type DecodeOptions,
} from './artifact/decode-artifact.js';
export { loadModel, type LoadOptions } from './model/load-model.js';
export { modelFromArtifact, type LoadedModel } from './model/model-from-artifact.js';
export { ModelLoadError, type ModelLoadErrorCode } from './model/model-load-error.js';
export { imageInput, type ImageSource } from './model/image-input.js';
export type { ModelDescription, Preprocessing } from './model/described-input.js';
export type { ModelSource } from './source/open-model-source.js';
export type { DecodingWorker } from './worker/decoding-protocol.js';
export type { LoadProgress } from './source/watched.js';
export { buildModel, setWeights } from './model/build-model.js';
export { stepShape, type PartConstant, type PartStep } from './layers/frozen-part.js';
export { inGroups } from './layers/grouped-conv2d.js';
export { LEAST_FLOAT } from './layers/pooling2d.js';
export { registerLayers } from './layers/register-layers.js';
export { axisResize, resizeWeights } from './layers/resize-weights.js';
export { parseBoundedJson } from './bytes/bounded-json.js';
export type { ArtifactSource, ByteReader, ByteStream } from './bytes/byte-source.js';
// Shared with the writer of the format.
export { RANGE_LIMIT, RANGE_START, SymbolModel, TOTAL_BITS } from './coding/symbol-model.js';
export { codebookReferences, linearReferences, sliceReferences } from './artifact/decode-weights.js';
export { transferCodes, type CodeLayout, type SymbolCoder } from './coding/transfer-codes.js';
export { crc32 } from './bytes/crc32.js';
export {
  CODEC,
  CODING,
  FREE_WEIGHTS,
  MAGIC,
  NO_AXIS,
  PREAMBLE_BYTES,
  SECTION_HEAD_BYTES,
  TABLE,
  VERSION,
  WEIGHTS_PER_BYTE,
} from './artifact/format.js';
