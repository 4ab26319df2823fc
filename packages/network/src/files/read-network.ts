import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  createProduct,
  installedPlugins,
  loadPlugin,
  modelParts,
  needsNoOptions,
  parseOptions,
  pluginVersion,
  TersorError,
  type Format,
  type LayerGraph,
  type LoadedPlugin,
  type ModelContent,
  type ModelSource,
  type Plugin,
  type PluginContext,
  type WiredPlugin,
} from '@tersor/core';
import { formatPlugins } from './format-plugins.js';
import { requireFiniteWeights } from './model-files.js';
import { placeOf } from './model-place.js';
import { recogniseModel, type FurtherFormats, type NamedFormat } from './recognise-model.js';

export interface OpenOptions {
  /** Folder that a relative path of the model or of a plugin starts from; the working directory without. */
  readonly directory?: string;
  /** Further folders to look plugins up from. */
  readonly searchFrom?: readonly string[];
  /** Plugins given directly; those of other kinds are passed over. */
  readonly plugins?: readonly Plugin[];
  /** What the model is called in the config, for messages about its format's options. */
  readonly place?: string;
}

/** A model on disk, and the format that reads it. */
export interface ModelFile {
  readonly path: string;
  readonly format: Format;
  /** The plugin that the format comes from; absent for the formats of Tersor. */
  readonly plugin?: WiredPlugin;
  /** Reads the network. Throws what the format throws, and `WEIGHTS_NOT_FINITE`. */
  read(): Promise<LayerGraph>;
  /** Paths of all files that hold the model. */
  parts(): Promise<readonly string[]>;
  /** Bytes of these files. */
  bytes(): Promise<number>;
  /** Hashes of what they hold. */
  content(): Promise<ModelContent>;
}

/**
 * Finds a model and its format: the one that `source` names, else the one that recognises the file, of
 * Tersor's own, of those given and of those installed, in this order. Nothing is read yet but the first
 * bytes. Throws the codes of `recogniseModel`, `loadPlugin` and `createProduct`.
 */
export async function openModel(source: ModelSource, options: OpenOptions = {}): Promise<ModelFile> {
  const { path: given, use, options: own } = modelParts(source);
  const path = resolve(options.directory ?? '', given);
  const found = await (use === undefined ? recognised(path, options) : named(use, own, options));
  if (use !== undefined) await placeOf(path);
  const { format, plugin } = found;
  const parts = async () => (await format.parts?.(path)) ?? (await filesAt(path));
  return {
    path,
    format,
    ...(plugin && { plugin }),
    read: async () => {
      const graph = await format.read(path);
      requireFiniteWeights(graph, path);
      return graph;
    },
    parts,
    bytes: async () => (await Promise.all((await parts()).map(sizeOf))).reduce((sum, size) => sum + size, 0),
    content: async () => (await format.content?.(path)) ?? bytesContent(await parts()),
  };
}

/**
 * Reads a network, whatever the format of its file. Throws the codes of `openModel` and of `ModelFile.read`.
 */
export async function readNetwork(source: ModelSource, options?: OpenOptions): Promise<LayerGraph> {
  return (await openModel(source, options)).read();
}

/** Bytes of a model's files. Throws as reading it does for files that are not there. */
export async function modelBytes(source: ModelSource, options?: OpenOptions): Promise<number> {
  return (await openModel(source, options)).bytes();
}

interface FoundFormat extends NamedFormat {
  readonly plugin?: WiredPlugin;
}

async function named(use: string, given: unknown, options: OpenOptions): Promise<FoundFormat> {
  const loaded = await loadPlugin('format', use, directoriesOf(options), builtins(options));
  const { plugin, source } = loaded;
  const place = `${options.place ?? 'model'} (format "${plugin.id}" of ${source})`;
  return made(loaded, await parseOptions(plugin, given, place), options);
}

async function recognised(path: string, options: OpenOptions): Promise<FoundFormat> {
  const ready = await Promise.all(
    builtins(options).map(async (plugin) => withoutOptions({ plugin, source: plugin.name }, options)),
  );
  const known: FoundFormat[] = ready.flatMap((each) => each ?? []);
  return recogniseModel(path, known, () => installed(options));
}

async function installed(options: OpenOptions): Promise<FurtherFormats> {
  const formats: NamedFormat[] = [];
  const problems: string[] = [];
  for (const entry of await installedPlugins('format', directoriesOf(options))) {
    if ('error' in entry) problems.push(`${entry.source} cannot be used: ${entry.error.message}`);
    else formats.push(...[await withoutOptions(entry, options)].flatMap((each) => each ?? []));
  }
  return { formats, problems };
}

/** A format that wants no options; one that does has to be named with them. */
async function withoutOptions(loaded: LoadedPlugin, options: OpenOptions): Promise<FoundFormat | undefined> {
  if (!(await needsNoOptions(loaded.plugin))) return undefined;
  return made(loaded, await parseOptions(loaded.plugin, {}, 'model'), options);
}

async function made(loaded: LoadedPlugin, given: unknown, options: OpenOptions): Promise<FoundFormat> {
  const { plugin, source, file } = loaded;
  const context: PluginContext = {
    directory: resolve(options.directory ?? ''),
    seed: 1,
    get: () =>
      Promise.reject(
        new TersorError('PLUGIN_NOT_FOUND', 'A format reads files; it is given no other plugin.'),
      ),
  };
  const format = (await createProduct(plugin, source, given, context)) as Format;
  const { id } = plugin;
  const wired = { kind: 'format' as const, slot: options.place ?? 'model', id, source };
  const isOurs = formatPlugins.includes(plugin);
  return {
    format,
    use: isOurs ? id : source,
    ...(!isOurs && { plugin: { ...wired, ...(file && pluginVersion(file)) } }),
  };
}

function builtins({ plugins = [] }: OpenOptions): Plugin[] {
  return [...formatPlugins, ...plugins.filter(({ kind }) => kind === 'format')];
}

function directoriesOf({ directory = '', searchFrom = [] }: OpenOptions): string[] {
  return [resolve(directory), ...searchFrom];
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const paths = (await readdir(path, { recursive: true })).map((name) => join(path, name));
  const stats = await Promise.all(paths.map((each) => stat(each)));
  return paths.filter((_, i) => stats[i]!.isFile());
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** A hash of all bytes, for formats that say nothing better. */
async function bytesContent(parts: readonly string[]): Promise<ModelContent> {
  const hash = createHash('sha256');
  for (const path of [...parts].sort()) {
    const bytes = await readFile(path);
    hash.update(`${bytes.length}\0`).update(bytes);
  }
  return { topology: hash.digest('hex') };
}
