export { requireFitting, requireOneOutput } from './checks/fitting.js';
export { builtinPlugins } from './builtin-plugins.js';
export { compress, type CompressOptions } from './compress.js';
export { prepareCalibration, type StageCalibration } from './calibration/calibration.js';
export { openBackend } from './open-backend.js';
export { backendSlots, SLOTS, slotsOfCompression, slotsOfTraining } from './config-slots.js';
export { createBitWidthEnvironment } from './environments/bit-width-environment.js';
export { createBitOperationsLimit, createBytesLimit } from './limits/bit-limits.js';
export { costLimit } from './limits/cost-limits.js';
export { createLatencyLimit } from './limits/latency-limit.js';
export { createPruningEnvironment } from './environments/pruning-environment.js';
export { createEvaluator, type Evaluator, type Measurement } from './training/evaluator.js';
export { layerFigures, type LayerFigures, type LayerState } from './results/layer-figures.js';
export { whereMeasured, type MeasuredLatency, type OpenMeterOf } from './results/measured-latency.js';
export type {
  NetworkFigures,
  PipelineEvents,
  PipelineProgress,
  PipelineRound,
  PipelineStage,
  Policy,
  RunEstimate,
  SearchFigures,
  Summary,
} from './results/pipeline-types.js';
export {
  encodeGraph,
  layersWithKernels,
  quantizerInput,
  withEncodedWeights,
  type BitPolicy,
  type EncodedWeights,
} from './policy/quantized-graph.js';
export { withPolicyActivations, type QuantizePolicy } from './policy/quantize-policy.js';
export { givenPolicy, readPolicy, type GivenPolicy } from './policy/given-policy.js';
export { stagesOf } from './results/summary-stages.js';
export {
  accuracyFlopsReward,
  accuracyRatioReward,
  accuracyReward,
  accuracySizeReward,
  agreementReward,
} from './rewards.js';
export { augment, type Augmentation } from './training/augment.js';
export { learningRateAt, type Schedule } from './training/schedule.js';
export {
  train,
  type EpochRecord,
  type TrainOptions,
  type TrainRun,
  type TrainState,
} from './training/train.js';
export { trainModel, type TrainModelOptions, type TrainSummary } from './training/train-model.js';
export { encodedSize, packModel } from './pack/pack-model.js';
export { packBits, unpackBits, type Outcomes } from './results/outcomes.js';
export { bothEvents } from './results/both-events.js';
export { policyWords } from './results/policy-words.js';
export {
  LIVE_RECORD,
  type LiveEpisode,
  type LiveLine,
  type LiveStart,
  type StartCommand,
} from './run/live-record.js';
export type { TrainingEpoch, TrainingLine, TrainingStart } from './run/training-record.js';
export { holderOf, lockOutput, type LockHolder } from './run/output-lock.js';
export {
  modelFiles,
  namedByConfig,
  requireFreeModelFolder,
  requireOwnJson,
  requireUnharmed,
  type Precious,
} from './run/output-guard.js';
export { CONFIG_FOLDER, readConfigFolder } from './run/config-folder.js';
export { contentChanges } from './run/content-changes.js';
export { identifyCompression, TERSOR_VERSION } from './run/identity.js';
export { withHalfPrecision } from './pack/half-precision.js';
