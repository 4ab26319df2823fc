import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { satisfies } from 'semver';
import { isTersorError, messageOf, TersorError } from './errors.js';
import { findModule, foldersUp, isPath, otherCore, readManifest } from './module-resolution.js';
import type { Plugin } from './plugin.js';
import { PLUGIN_KINDS, type PluginKind } from './tokens.js';

/** Packages that hold several plugins of a kind; looked into when `@tersor/<kind>-<id>` does not exist. */
const SHARED_PACKAGES: Partial<Record<PluginKind, string>> = {
  agent: '@tersor/agent-baselines',
  dataset: '@tersor/datasets',
};

/** Version of this core, from its package.json. */
const coreVersion = readManifest(join(__dirname, '..'))!.version!;

/** Where a plugin was found. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  /** Package name or path that it was imported from. */
  readonly source: string;
  /** Its entry file; absent for one that was given directly. */
  readonly file?: string;
}

/**
 * Finds and imports the plugin that a config names. `name` is an id (`ddpg`), a package (`tersor-agent-foo`, `@me/agent`), a path (`./agent.js`),
 * or one of the last two with `#id` where the module holds several. `directories` are searched in order, the user's project first.
 * Throws `PLUGIN_NOT_FOUND`, `PLUGIN_FAILED`, `PLUGIN_INVALID` or `PLUGIN_CORE_MISMATCH`.
 */
export async function loadPlugin(kind: PluginKind, name: string, directories: readonly string[], builtins: readonly Plugin[] = []): Promise<LoadedPlugin> {
  const builtin = builtins.find((plugin) => plugin.kind === kind && plugin.id === name);
  if (builtin) return { plugin: builtin, source: builtin.name };
  const [specifier, wanted] = name.split('#') as [string, string?];
  const isExplicit = /^[./@]/.test(specifier) || isAbsolute(specifier);
  const scoped = packagesOfKind(kind, directories).filter((candidate) => candidate.endsWith(`/tersor-${kind}-${specifier}`));
  const candidates = isExplicit ? [specifier] : [`@tersor/${kind}-${specifier}`, SHARED_PACKAGES[kind], `tersor-${kind}-${specifier}`, ...scoped, specifier];
  for (const candidate of candidates) {
    const file = candidate && findModule(candidate, directories);
    if (!file) continue;
    const plugins = await importPlugins(candidate, file);
    const id = wanted ?? (isExplicit || candidate === specifier ? undefined : specifier);
    const match = plugins.find((plugin) => plugin.kind === kind && (id === undefined || plugin.id === id));
    if (match) return { plugin: match, source: candidate, file };
    if (isExplicit) {
      const found = plugins.map((plugin) => `${plugin.kind} "${plugin.id}"`).join(', ');
      throw new TersorError('PLUGIN_NOT_FOUND', `${specifier} has no ${kind}${wanted ? ` "${wanted}"` : ''}; it has ${found}.`);
    }
  }
  const available = [...builtins.filter((plugin) => plugin.kind === kind).map(({ id }) => id), ...(await installedIds(kind, directories))];
  throw new TersorError('PLUGIN_NOT_FOUND', `There is no ${kind} "${name}". Available: ${[...new Set(available)].sort().join(', ') || 'none'}.`, {
    hint: isExplicit ? `Check the path or install it: npm install ${specifier}` : `Use one of these, or install a package named tersor-${kind}-${name}.`,
  });
}

/**
 * All plugins of one package, folder or file, for `tersor check`. Throws as `loadPlugin` does.
 */
export async function loadModulePlugins(specifier: string, directories: readonly string[]): Promise<Plugin[]> {
  const file = findModule(specifier, directories);
  if (!file) {
    throw new TersorError('PLUGIN_NOT_FOUND', `There is no plugin at ${specifier}.`, { hint: isPath(specifier) ? 'Check the path.' : `Install it (npm install ${specifier}), or give its path with ./ in front.` });
  }
  return importPlugins(specifier, file);
}

/** Official and third-party plugins of a kind that are installed, by the naming rule; each with the error when it cannot be loaded. */
export async function installedPlugins(kind: PluginKind, directories: readonly string[]): Promise<(LoadedPlugin | { source: string; error: TersorError })[]> {
  const found: (LoadedPlugin | { source: string; error: TersorError })[] = [];
  for (const name of packagesOfKind(kind, directories)) {
    try {
      const file = findModule(name, directories);
      if (!file) continue;
      const plugins = await importPlugins(name, file);
      found.push(...plugins.filter((plugin) => plugin.kind === kind).map((plugin) => ({ plugin, source: name })));
    } catch (cause) {
      // Whatever is wrong with one plugin, the others are still listed.
      const error = isTersorError(cause) ? cause : new TersorError('PLUGIN_FAILED', `The plugin ${name} cannot be examined: ${messageOf(cause)}`, { cause });
      found.push({ source: name, error });
    }
  }
  return found;
}

async function installedIds(kind: PluginKind, directories: readonly string[]): Promise<string[]> {
  return (await installedPlugins(kind, directories)).flatMap((entry) => ('plugin' in entry ? [entry.plugin.id] : []));
}

/** Package names that the user's project (or ours) depends on and that follow the naming rule: no folder is scanned. */
function packagesOfKind(kind: PluginKind, directories: readonly string[]): string[] {
  const follows = (name: string) => name.startsWith(`@tersor/${kind}-`) || name === SHARED_PACKAGES[kind] || new RegExp(`(^|/)tersor-${kind}-`).test(name);
  const manifests = directories.flatMap(foldersUp).flatMap((folder) => readManifest(folder) ?? []);
  return [...new Set(manifests.flatMap(({ dependencies, devDependencies, peerDependencies }) => Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })).filter(follows))];
}

async function importPlugins(source: string, file: string): Promise<Plugin[]> {
  let exported: unknown;
  try {
    exported = await import(/\.[cm]?[jt]s$/.test(file) ? moduleAddress(file) : file);
  } catch (cause) {
    throw new TersorError('PLUGIN_FAILED', `The plugin ${source} threw while it was imported: ${messageOf(cause)}`, { cause });
  }
  const plugins = unwrapDefault(exported);
  for (const plugin of plugins) checkPlugin(plugin, source);
  const other = otherCore(file);
  // Another copy of the same version works; of another version, its types and errors need not be ours.
  if (other && other.version !== coreVersion) {
    throw new TersorError('PLUGIN_CORE_MISMATCH', `There are two versions of @tersor/core: ${source} uses ${other.version} at ${other.root}; this is ${coreVersion} at ${join(__dirname, '..')}.`, {
      hint: 'Make them one: npm dedupe, or a version of the plugin whose peer range takes this core (npm ls @tersor/core shows who wants which).',
    });
  }
  return plugins as Plugin[];
}

/** jest imports through `require`, which takes paths only. */
function moduleAddress(file: string): string {
  return process.env['JEST_WORKER_ID'] === undefined ? pathToFileURL(file).href : file;
}

/** A CommonJS module imported by an ES module arrives with its exports (and their default) one level down. */
function unwrapDefault(exported: unknown): unknown[] {
  let value = exported;
  while (typeof value === 'object' && value !== null && 'default' in value) value = value.default;
  return Array.isArray(value) ? value : [value];
}

function checkPlugin(candidate: unknown, source: string): void {
  const invalid = (reason: string): never => {
    throw new TersorError('PLUGIN_INVALID', `${source} does not export a Tersor plugin: ${reason}.`, { hint: 'Its default export must come from definePlugin (or be an array of such).' });
  };
  if (typeof candidate !== 'object' || candidate === null || !('tersorPlugin' in candidate)) invalid('its default export is not made by definePlugin');
  const plugin = candidate as Partial<Plugin>;
  if (plugin.tersorPlugin !== 1) invalid(`it has plugin API version ${String(plugin.tersorPlugin)}, and this core knows 1`);
  if (!PLUGIN_KINDS.includes(plugin.kind as PluginKind)) invalid(`its kind is "${String(plugin.kind)}", not one of ${PLUGIN_KINDS.join(', ')}`);
  if (typeof plugin.id !== 'string' || plugin.id === '') invalid('it has no id');
  if (typeof plugin.create !== 'function') invalid('it has no create function');
  if (typeof plugin.options?.safeParse !== 'function') invalid('its options are not a zod schema');
  if (!satisfies(coreVersion, plugin.core ?? '', { includePrerelease: true })) {
    throw new TersorError('PLUGIN_CORE_MISMATCH', `${source} (${plugin.kind} "${plugin.id}") works with @tersor/core ${plugin.core ?? 'of no version'}; this is ${coreVersion}.`, {
      hint: 'Install a version of the plugin for this core, or the core that it wants.',
    });
  }
}
