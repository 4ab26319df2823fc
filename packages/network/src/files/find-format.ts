import { resolve } from 'node:path';
import {
  createProduct,
  installedPlugins,
  loadPlugin,
  needsNoOptions,
  parseOptions,
  pluginVersion,
  statedFiles,
  TersorError,
  type Format,
  type LoadedPlugin,
  type Plugin,
  type PluginContext,
  type StatedFile,
  type WiredPlugin,
} from '@tersor/core';
import { formatPlugins } from './format-plugins.js';
import { recogniseModel, type FurtherFormats, type NamedFormat } from './recognise-model.js';

export interface OpenOptions {
  /** Folder that relative paths of the model and of plugins start from; by default the working directory. */
  readonly directory?: string;
  /** Further folders to look for plugins in. */
  readonly searchFrom?: readonly string[];
  /** Plugins given directly; those that are not formats are ignored. */
  readonly plugins?: readonly Plugin[];
  /** Config path of the model, for messages about its format's options. */
  readonly place?: string;
}

/** A format, its name in configs, and the plugin that provides it (absent for Tersor's own formats). */
export interface FoundFormat extends NamedFormat {
  readonly plugin?: WiredPlugin;
  /** Files that its options name, whose content is part of the model's identity. */
  readonly files?: readonly StatedFile[];
}

/** The format that a config or command names. Throws the codes of `loadPlugin` and `createProduct`. */
export async function namedFormat(use: string, given: unknown, options: OpenOptions): Promise<FoundFormat> {
  const loaded = await loadPlugin('format', use, directoriesOf(options), builtins(options));
  const { plugin, source } = loaded;
  const place = `${options.place ?? 'model'} (format "${plugin.id}" of ${source})`;
  return createFormat(loaded, await parseOptions(plugin, given, place), options);
}

/** The format that recognises what lies at a path. Throws the codes of `recogniseModel`. */
export async function recognisedFormat(path: string, options: OpenOptions): Promise<FoundFormat> {
  return recogniseModel(path, await givenFormats(options), () => installedFormats(options));
}

/** Tersor's own formats and those given directly, as far as they need no options. */
export async function givenFormats(options: OpenOptions): Promise<FoundFormat[]> {
  const ready = await Promise.all(
    builtins(options).map(async (plugin) => withoutOptions({ plugin, source: plugin.name }, options)),
  );
  return ready.flatMap((each) => each ?? []);
}

/** The formats that are installed as plugins, as far as they need no options. */
export async function installedFormats(options: OpenOptions): Promise<FurtherFormats> {
  const formats: NamedFormat[] = [];
  const problems: string[] = [];
  for (const entry of await installedPlugins('format', directoriesOf(options))) {
    if ('error' in entry) problems.push(`${entry.source} cannot be used: ${entry.error.message}`);
    else formats.push(...[await withoutOptions(entry, options)].flatMap((each) => each ?? []));
  }
  return { formats, problems };
}

/**
 * Creates a format that needs no options; undefined for others, which have to be named with their options.
 */
async function withoutOptions(loaded: LoadedPlugin, options: OpenOptions): Promise<FoundFormat | undefined> {
  if (!(await needsNoOptions(loaded.plugin))) return undefined;
  return createFormat(loaded, await parseOptions(loaded.plugin, {}, 'model'), options);
}

async function createFormat(
  loaded: LoadedPlugin,
  given: unknown,
  options: OpenOptions,
): Promise<FoundFormat> {
  const { plugin, source, file } = loaded;
  const context: PluginContext = {
    directory: resolve(options.directory ?? ''),
    seed: 1,
    get: () => Promise.reject(new TersorError('PLUGIN_NOT_FOUND', 'A format cannot use other plugins.')),
  };
  const format = (await createProduct(plugin, source, given, context)) as Format;
  const { id } = plugin;
  const wired = { kind: 'format' as const, slot: options.place ?? 'model', id, source };
  const isOurs = formatPlugins.includes(plugin);
  const files = statedFiles(plugin, source, given, wired.slot);
  return {
    format,
    use: isOurs ? id : source,
    ...(files.length > 0 && { files }),
    ...(!isOurs && { plugin: { ...wired, ...(file && pluginVersion(file)) } }),
  };
}

function builtins({ plugins = [] }: OpenOptions): Plugin[] {
  return [...formatPlugins, ...plugins.filter(({ kind }) => kind === 'format')];
}

function directoriesOf({ directory = '', searchFrom = [] }: OpenOptions): string[] {
  return [resolve(directory), ...searchFrom];
}
