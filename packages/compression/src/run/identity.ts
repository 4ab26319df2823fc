import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  createHost,
  messageOf,
  modelParts,
  moduleContent,
  readManifest,
  TersorError,
  TOKENS,
  type CompressConfig,
  type Dataset,
  type Host,
  type ModelContent,
  type Plugin,
  type RunIdentity,
  type StatedFile,
  type TrainConfig,
  type WiredPlugin,
} from '@tersor/core';
import { builtinPlugins } from '../builtin-plugins.js';
import { slotsOfCompression } from '../config-slots.js';
import { openModel, type ModelFile } from '@tersor/network';
import { memoryFiles } from '../search/memory.js';
import { datasetFingerprint } from './dataset-fingerprint.js';

interface Wired {
  /** Files besides those that plugins state. */
  readonly files?: readonly StatedFile[];
  /** Folder that paths of the config are resolved against. */
  readonly directory: string;
  readonly host: Host;
  readonly dataset: Dataset;
  /** The model; of a training, absent where an architecture is a module. */
  readonly model?: ModelFile | undefined;
  readonly teacher?: ModelFile | undefined;
}

/** Version of this Tersor. */
export const TERSOR_VERSION = readManifest(join(__dirname, '../..'))!.version!;

/**
 * The identity of a compression whose plugins are wired. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID`,
 * `CONFIG_INVALID` for a file of an option that cannot be read, and what the data set throws.
 */
export async function compressionIdentity({
  directory,
  host,
  dataset,
  model,
  files = [],
}: Wired & { readonly model: ModelFile }): Promise<RunIdentity> {
  return {
    tersor: TERSOR_VERSION,
    model: await model.content(),
    dataset: await datasetFingerprint(dataset),
    files: await fileContents([...host.files, ...(model.files ?? []), ...files], directory),
    plugins: pluginVersions(wiredWith(host, model)),
  };
}

/** The same of a training. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID` and what the data set throws. */
export async function trainingIdentity(
  config: TrainConfig,
  { directory, host, dataset, model, teacher }: Wired,
): Promise<RunIdentity> {
  return {
    tersor: TERSOR_VERSION,
    model: model
      ? await model.content()
      : architectureContent(resolve(directory, modelParts(config.architecture).path)),
    ...(teacher && { teacher: await teacher.content() }),
    dataset: await datasetFingerprint(dataset),
    files: await fileContents([...host.files, ...(model?.files ?? []), ...(teacher?.files ?? [])], directory),
    plugins: pluginVersions(wiredWith(host, model, teacher)),
  };
}

/**
 * The identity that `compress` would have with this config: loads plugins and data, runs nothing. Throws the
 * errors of `createHost` and `compressionIdentity`.
 */
export async function identifyCompression(
  config: CompressConfig,
  {
    directory,
    searchFrom,
    plugins = [],
  }: {
    readonly directory: string;
    readonly searchFrom?: readonly string[];
    readonly plugins?: readonly Plugin[];
  },
): Promise<RunIdentity> {
  const host = await createHost({
    slots: slotsOfCompression(config),
    directory,
    seed: config.seed,
    builtins: [...builtinPlugins, ...plugins],
    ...(searchFrom && { searchFrom }),
  });
  try {
    const model = await openModel(config.model, { directory, plugins, ...(searchFrom && { searchFrom }) });
    const dataset = await host.get(TOKENS.dataset);
    return await compressionIdentity({ directory, host, dataset, model, files: memoryFiles(config) });
  } finally {
    await host.dispose();
  }
}

/** Plugins that the host wired, and the formats of models where these are plugins. */
export function wiredWith({ wired }: Host, ...models: (ModelFile | undefined)[]): WiredPlugin[] {
  return [...wired, ...models.flatMap((model) => model?.plugin ?? [])];
}

function architectureContent(path: string): ModelContent {
  try {
    return { topology: moduleContent(path) };
  } catch (cause) {
    throw new TersorError(
      'MODEL_NOT_FOUND',
      `The architecture ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Hashes of the files that plugins state, by place and path. */
async function fileContents(
  files: readonly StatedFile[],
  directory: string,
): Promise<Record<string, string>> {
  const contents = files.map(async ({ place, path }): Promise<[string, string]> => {
    const content = await readFile(resolve(directory, path)).catch((cause: unknown) => {
      const message = `${place}: the file ${path} cannot be read: ${messageOf(cause)}`;
      throw new TersorError('CONFIG_INVALID', message, { cause });
    });
    return [`${place}: ${path}`, createHash('sha256').update(content).digest('hex')];
  });
  return Object.fromEntries(await Promise.all(contents));
}

/** Limits of our own are no plugins that a user chose: the config says all of them. */
const OWN = '@tersor/compression';

function pluginVersions(wired: readonly WiredPlugin[]): Record<string, string> {
  return Object.fromEntries(
    wired
      .filter(({ kind, source }) => kind !== 'limit' || source !== OWN)
      .map(({ kind, slot, id, source, version, content }) => [
        slot ? `${kind}/${slot}` : kind,
        [`${source}#${id}`, version, content].filter((part) => part !== undefined).join(' '),
      ]),
  );
}
