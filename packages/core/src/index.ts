export type * from './contracts/agent.js';
export type * from './contracts/backend.js';
export type * from './contracts/dataset.js';
export type * from './contracts/environment.js';
export type * from './contracts/environment-task.js';
export type * from './contracts/format.js';
export type * from './contracts/file-place.js';
export type * from './contracts/latency-table.js';
export type * from './contracts/limit.js';
export type * from './contracts/layer-graph.js';
export type * from './contracts/pruner.js';
export type * from './contracts/quantizer.js';
export type * from './contracts/question.js';
export type * from './contracts/reward.js';
export type * from './contracts/run-identity.js';
export type * from './contracts/runner.js';
export { calibrationOptions } from './calibration-options.js';
export { decodeTensor } from './decode-tensor.js';
export { float16Bits, roundToFloat16 } from './float16.js';
export { ERROR_CODES, isTersorError, messageOf, TersorError, type ErrorCode } from './errors.js';
export { makeFolder, requireWritableFile, requireWritableFolder } from './output-place.js';
export { definePlugin, type Plugin, type PluginContext } from './plugin.js';
export { PLUGIN_KINDS, TOKENS, type PluginKind, type PluginProducts, type Token } from './tokens.js';
export { readValue } from './command-value.js';
export { parseConfig, readConfig, type Override } from './config-file.js';
export {
  compressConfigSchema,
  configJsonSchema,
  MAX_SEED,
  modelParts,
  selector as selectorSchema,
  selectorParts,
  trainConfigSchema,
  type CompressConfig,
  type ModelSource,
  type PruneConfig,
  type RefineConfig,
  type QuantizeConfig,
  type Selector,
  type TrainConfig,
  latencySchema,
} from './config-schema.js';
export {
  createHost,
  createProduct,
  type Host,
  type HostOptions,
  type Slot,
  type WiredPlugin,
} from './host.js';
export { installedPlugins, loadModulePlugins, loadPlugin, type LoadedPlugin } from './plugin-loader.js';
export { needsNoOptions, parseOptions, type OptionsSchema, type SchemaResult } from './options-schema.js';
export { describeIssues, type SchemaIssue } from './schema-issues.js';
export { readManifest } from './module-resolution.js';
export { moduleContent, pluginVersion, type PluginVersion } from './plugin-version.js';
export { printable } from './printable.js';
export { describeMachine } from './machine.js';
export { createRandom, type Random } from './random.js';
