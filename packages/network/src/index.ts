export { ActivationQuantizer } from './activations/activation-quantizer.js';
export { activationRange, fakeQuantize, type RangeRule } from './activations/activation-range.js';
export { calibrateActivations, type CalibrationInput } from './activations/calibrate-activations.js';
export { joiningLayers, withSharedRanges } from './activations/shared-ranges.js';
export { withRoundedActivations, type ActivationPolicy } from './activations/simulated-graph.js';
export { codeProblem, placeOf, type CodeProblem } from './compensation/code-problem.js';
export { betterCodes, type BetterCodes } from './compensation/better-codes.js';
export { bestValues, columnGroups } from './compensation/code-values.js';
export {
  bestFactors,
  codesOf,
  compensatedCodes,
  descend,
  type Codes,
  type Levels,
} from './compensation/codes.js';
export { bitOperations, FLOAT_BITS, type OperandBits } from './cost/bit-operations.js';
export { cost, type Cost, type LayerCost } from './cost/cost.js';
export { channelCost, type ChannelCost } from './cost/channel-cost.js';
export { parseBoundedJson, registerLayers, stepShape } from '@tersor/runtime';
export type { PartConstant, PartStep } from '@tersor/runtime';
export { graphFromKeras, type KerasWeight } from './files/graph-from-keras.js';
export { parseManifest, readWeightFiles, weightFiles, type WeightsManifest } from './files/weight-files.js';
export { formatPlugins } from './files/format-plugins.js';
export { stockLayers } from './files/stock-layers.js';
export { modelJsonOf, writeModel, writeModelFiles } from './files/model-files.js';
export {
  requireModelFile,
  requirePackedFile,
  requireWritable,
  witness,
  witnessImages,
  witnessOfNoise,
  type Witness,
  type WrittenFile,
} from './files/read-back.js';
export type { FoundFormat, OpenOptions } from './files/find-format.js';
export { layerBytes, packedBytes } from './files/layer-bytes.js';
export { modelBytes, openModel, readNetwork, type ModelFile } from './files/read-network.js';
export {
  writeNetwork,
  writingFormat,
  type NetworkWriting,
  type WritingFormat,
} from './files/write-network.js';
export { writeFolder, type FolderWriting } from './files/write-folder.js';
export { writeWhole } from './files/write-whole.js';
export type { NormalizedBatch } from './gradients/batch-norm-training.js';
export { correctBatchNorm } from './gradients/broadcast-batch-norm.js';
export { compileGradients } from './gradients/gradient-session.js';
export {
  accuracyOf,
  NOT_FINITE_HINT,
  rightAnswers,
  teacherLogits,
  trainingLoss,
  type ScoreKind,
} from './gradients/loss.js';
export { outputDivergence } from './gradients/output-divergence.js';
export { withSeededMathRandom } from './gradients/seeded-math-random.js';
export type { TrainingKernels } from './gradients/training-layer.js';
export { ensureKernels } from './graph/fallback-kernels.js';
export { isFrozen, withoutFrozen } from './graph/frozen-layers.js';
export {
  copyWeights,
  isKernel,
  storedName,
  weightSlots,
  withWeights,
  type WeightSlot,
  withSomeWeights,
} from './graph/graph-weights.js';
export { initializeKernels } from './graph/initialize-kernels.js';
export { disposeModel, graphFromModel, modelFromGraph } from './graph/model-graph.js';
export { topologyOf, type ModelTopology } from './graph/model-topology.js';
export { isVector, networkOutput, type NetworkOutput } from './graph/network-output.js';
export { callsOf, inputShapesOf, layersByName, neededCalls, readersOf, soleReader } from './graph/walk.js';
export type { ChannelTable } from './groups/channel-table.js';
export { channelGroups, type Barrier } from './groups/channel-groups.js';
export { runLayer } from './inference/run-layer.js';
export { compileFused, compilePlan, type ImageBatch } from './inference/fused-session.js';
export { inferencePlan } from './inference/inference-plan.js';
export type {
  ConvolutionOperation,
  DenseOperation,
  InferencePlan,
  PlanActivation,
  PlanOperation,
  PlanStep,
  PlanWeight,
} from './inference/plan-step.js';
export { notComputable, requireComputable } from './inference/require-computable.js';
export { readLatencyTable, writeLatencyTable, type TableUse } from './latency/latency-table-file.js';
export {
  backendMeter,
  medianLatencies,
  WARM_UP,
  type LatencyMeter,
  type TimingOptions,
} from './latency/measure-latency.js';
export { predictLatency, channelLatency } from './latency/predict-latency.js';
export { profileLatency, type ProfileOptions } from './latency/profile-latency.js';
export { imagesAtOnce } from './observation/images-at-once.js';
export { joined } from './observation/joined.js';
export { observeLayers, requireCalls, type ObservationOptions } from './observation/observe-layers.js';
export { addRows, choleskyInPlace, invertPositiveDefinite, solveCholesky } from './moments/cholesky.js';
export { gatherKernelMoments, type Gathered, type ReaderInput } from './moments/kernel-moments.js';
export { kernelOf, kernelReaders, outputsOf, type KernelReader } from './moments/kernel-reader.js';
export { startWalk, type Observe, type Walk } from './moments/walk.js';
export { drawPositions, rowsAt, sampleRows, type LayerInput } from './moments/sample-rows.js';
export type {
  ActivationFacts,
  ChannelRule,
  ChannelSite,
  EmittedOperation,
  KernelFacts,
  KernelWindow,
  LayerFacts,
  LayerProblem,
  OffsetWeight,
  OperationSite,
  ShapeSite,
  TrainingRule,
  TrainingSite,
  WeightAxis,
} from './layers/layer-facts.js';
export { followWeights } from './layers/channel-rules.js';
export { factsOf, knownLayers, registerLayerFacts } from './layers/layer-table.js';
export { offsetPlace, type OffsetPlace } from './layers/offset-place.js';
export { applyAndAdapt, applyPlan, finishPlan } from './surgery/apply-plan.js';
export { removedChannels, type RemovedChannels } from './surgery/removed-channels.js';
export { removeAll, removeChannels, type Removal } from './surgery/remove-channels.js';
export { deadChannels, removeDeadChannels } from './surgery/remove-dead-channels.js';
export { removeLayers } from './surgery/remove-layers.js';
export { activationLayer, activationWord, hardSigmoidLayer, limitedRelu } from './lowering/activations.js';
export {
  affineWith,
  channelAffine,
  COMBINING_LAYERS,
  rescalingLayer,
  type Combination,
} from './lowering/affine.js';
export {
  constant,
  countOf,
  joinedArrays,
  mapped,
  picked,
  rangeOf,
  turnedArray,
  type ConstantArray,
} from './lowering/constant-arrays.js';
export { withChannelShuffles } from './lowering/channel-shuffles.js';
export { foldAffines } from './lowering/fold-affines.js';
export { Refusal, type LoweredLayer } from './lowering/lowered-layer.js';
export {
  isPartTensor,
  partLayer,
  partShape,
  partType,
  piece,
  stepType,
  type PartLayer,
  type PartSource,
  type PartTensor,
  type Piece,
} from './lowering/parts/piece.js';
export { stepsOf } from './lowering/parts/steps-of.js';
export {
  constantPart,
  cutPart,
  leakyPart,
  pickedPart,
  reshapedPart,
  withUnitAxis,
} from './lowering/parts/piece-shapes.js';
export { withSpelledActivations } from './lowering/recognise.js';
export { resizingLayer } from './lowering/resizing.js';
export { isNothing, paddingWord, sameSides, windowCount, type Pads, type Pair } from './lowering/windows.js';
export { constraintsOf } from './graph/constraints.js';
export { observeStock, stockBackend } from './moments/observe-stock.js';
export {
  crossProductsOfTensors,
  crossProductsOn,
  type CrossProducts,
  type Multiplier,
} from './moments/cross-products.js';
export { createOutputLoss, type OutputLoss, type OutputLossOptions } from './probes/output-loss.js';
export { probeWeights, type Probe } from './probes/probe-weights.js';
export { partOf, type GraphPart } from './observation/graph-part.js';
