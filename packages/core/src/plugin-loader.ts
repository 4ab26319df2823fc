import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exports as resolveExports } from 'resolve.exports';
import { satisfies } from 'semver';
import { TersorError } from './errors.js';
import type { Plugin } from './plugin.js';
import { PLUGIN_KINDS, type PluginKind } from './tokens.js';

/** Packages that hold several plugins of a kind; looked into when `@tersor/<kind>-<id>` does not exist. */
const SHARED_PACKAGES: Partial<Record<PluginKind, string>> = {
  agent: '@tersor/agent-baselines',
  dataset: '@tersor/datasets',
};

/** Version of this core, from its package.json. */
const coreVersion = (JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string }).version;

/** Where a plugin was found. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  /** Package name or path that it was imported from. */
  readonly source: string;
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
  const candidates = isExplicit ? [specifier] : [`@tersor/${kind}-${specifier}`, SHARED_PACKAGES[kind], `tersor-${kind}-${specifier}`, specifier];
  for (const candidate of candidates) {
    const file = candidate && findModule(candidate, directories);
    if (!file) continue;
    const plugins = await importPlugins(candidate, file);
    const id = wanted ?? (isExplicit || candidate === specifier ? undefined : specifier);
    const match = plugins.find((plugin) => plugin.kind === kind && (id === undefined || plugin.id === id));
    if (match) return { plugin: match, source: candidate };
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

/** Official and third-party plugins of a kind that are installed, by the naming rule; each with the error when it cannot be loaded. */
export async function installedPlugins(kind: PluginKind, directories: readonly string[]): Promise<(LoadedPlugin | { source: string; error: TersorError })[]> {
  const found: (LoadedPlugin | { source: string; error: TersorError })[] = [];
  for (const name of packagesOfKind(kind, directories)) {
    const file = findModule(name, directories);
    if (!file) continue;
    try {
      const plugins = await importPlugins(name, file);
      found.push(...plugins.filter((plugin) => plugin.kind === kind).map((plugin) => ({ plugin, source: name })));
    } catch (error) {
      if (!(error instanceof TersorError)) throw error;
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
  const names = new Set<string>();
  for (const directory of directories) {
    for (let folder = resolve(directory); ; folder = dirname(folder)) {
      const manifest = join(folder, 'package.json');
      if (existsSync(manifest)) {
        const { dependencies, devDependencies, peerDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, Record<string, string> | undefined>;
        for (const name of Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })) {
          if (name.startsWith(`@tersor/${kind}-`) || name === SHARED_PACKAGES[kind] || new RegExp(`(^|/)tersor-${kind}-`).test(name)) names.add(name);
        }
      }
      if (folder === dirname(folder)) break;
    }
  }
  return [...names];
}

/** Path of a module's entry file, or undefined. */
function findModule(specifier: string, directories: readonly string[]): string | undefined {
  for (const directory of directories) {
    if (/^\./.test(specifier) || isAbsolute(specifier)) {
      const file = resolve(directory, specifier);
      if (existsSync(file)) return file;
      continue;
    }
    for (let folder = resolve(directory); ; folder = dirname(folder)) {
      const root = join(folder, 'node_modules', specifier);
      if (existsSync(join(root, 'package.json'))) return entryOf(root, specifier);
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/** Entry file of a package, by `exports` (ES module first), else `main`. */
function entryOf(root: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports?: unknown; main?: string };
  const entries = manifest.exports ? (resolveExports({ name, ...manifest }, '.', { conditions: extraConditions() }) ?? []) : [manifest.main ?? 'index.js'];
  const existing = entries.map((entry) => join(root, entry)).find((file) => existsSync(file));
  if (!existing) throw new TersorError('PLUGIN_INVALID', `The package ${name} at ${root} has no entry file (${entries.join(', ')}).`, { hint: 'Was it built?' });
  return existing;
}

/** Export conditions that this process runs with (`--conditions=...`): inside the repository, packages are read from source. */
function extraConditions(): string[] {
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')].flatMap((argument) => argument.match(/^(?:-C|--conditions)=(.+)$/)?.[1] ?? []);
  return [...given, ...(process.env['TERSOR_CONDITIONS']?.split(',') ?? [])];
}

async function importPlugins(source: string, file: string): Promise<Plugin[]> {
  let exported: unknown;
  try {
    exported = await import(/\.[cm]?[jt]s$/.test(file) ? moduleAddress(file) : file);
  } catch (cause) {
    throw new TersorError('PLUGIN_FAILED', `The plugin ${source} threw while it was imported: ${(cause as Error).message}`, { cause });
  }
  const plugins = unwrapDefault(exported);
  for (const plugin of plugins) checkPlugin(plugin, source);
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
