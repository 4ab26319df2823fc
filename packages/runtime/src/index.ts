export { ArtifactError, type ArtifactErrorCode } from './artifact-error.js';
export {
  decodeArtifact,
  type DecodedArtifact,
  type DecodedWeight,
  type DecodeOptions,
} from './decode-artifact.js';
export { loadModel, modelFromArtifact, type ModelSource } from './load-model.js';
export { buildModel, setWeights } from './build-model.js';
export { parseBoundedJson } from './bounded-json.js';
export type { ArtifactSource } from './byte-source.js';
// What a writer of the format shares with this reader.
export { RANGE_LIMIT, RANGE_START, SymbolModel, TOTAL_BITS } from './symbol-model.js';
export { codebookReferences, linearReferences, sliceReferences } from './decode-weights.js';
export { transferCodes, type CodeLayout, type SymbolCoder } from './transfer-codes.js';
export { crc32 } from './crc32.js';
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
} from './format.js';
