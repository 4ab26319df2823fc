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
export { calibrationOptions } from './config/calibration-options.js';
export { decodeTensor } from './tensors/decode-tensor.js';
export { firstNotFinite, requireFinite } from './tensors/finite.js';
export { elementCount } from './tensors/element-count.js';
export { transposed } from './tensors/transposed.js';
export { float16Bits, float16Value, roundToFloat16 } from './tensors/float16.js';
export { ERROR_CODES, isTersorError, messageOf, TersorError, type ErrorCode } from './errors.js';
export { isInside } from './files/is-inside.js';
export { isFolder } from './files/is-folder.js';
export { makeFolder, requireWritableFile, requireWritableFolder } from './files/output-place.js';
export { definePlugin, type Plugin, type PluginContext } from './plugins/plugin.js';
export { PLUGIN_KINDS, TOKENS, type PluginKind, type PluginProducts, type Token } from './tokens.js';
export { readValue } from './config/command-value.js';
export { parseConfig, readConfig, reviseConfig, type Override } from './config/config-file.js';
export {
  compressConfigSchema,
  configJsonSchema,
  DEFAULT_BACKEND,
  MAX_SEED,
  trainConfigSchema,
  type CompressConfig,
  type ModelSource,
  type PruneConfig,
  type RefineConfig,
  type QuantizeConfig,
  type Selector,
  type TrainConfig,
} from './config/config-schema.js';
export { latencySchema } from './config/budget-schema.js';
export { selector as selectorSchema } from './config/plugin-schema.js';
export { modelParts, selectorParts } from './config/selector-parts.js';
export {
  createHost,
  createProduct,
  type Host,
  type HostOptions,
  type Slot,
  type WiredPlugin,
} from './host.js';
export {
  installedPlugins,
  loadModulePlugins,
  loadPlugin,
  type LoadedPlugin,
} from './plugins/plugin-loader.js';
export {
  needsNoOptions,
  parseOptions,
  type OptionsSchema,
  type SchemaResult,
} from './config/options-schema.js';
export { jsonSchemaOf, schemaAlternatives, schemaChildren, type JsonSchema } from './config/json-schema.js';
export { describeIssues, type SchemaIssue } from './config/schema-issues.js';
export { readManifest } from './plugins/module-resolution.js';
export { statedFiles, type StatedFile } from './plugins/stated-files.js';
export { moduleContent, moduleFiles, pluginVersion, type PluginVersion } from './plugins/plugin-version.js';
export { grouped, mebibytes, percent } from './text/figures.js';
export { printable } from './text/printable.js';
export { isRecord } from './is-record.js';
export { startThread } from './threads/start-thread.js';
export { describeMachine } from './machine.js';
export { createRandom, type Random } from './random.js';
