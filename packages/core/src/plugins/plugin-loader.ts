import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import satisfies from 'semver/functions/satisfies.js';
import { isTersorError, messageOf, TersorError } from '../errors.js';
import { findModule, isPath, otherCore, readManifest } from './module-resolution.js';
import { importFailure, installHint, localName, splitName } from './plugin-name.js';
import { schemaProblem } from '../config/options-schema.js';
import type { Plugin } from './plugin.js';
import { PLUGIN_KINDS, type PluginKind } from '../tokens.js';
import { importablePackages, statedPlugins, usedPackages, type UsedPackage } from './used-packages.js';

/** Version of this core, from its package.json. */
const coreVersion = readManifest(join(__dirname, '../..'))!.version!;

/** Where a plugin was found. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  /** Package name or path that it was imported from. */
  readonly source: string;
  /** Its entry file; absent for one that was given directly. */
  readonly file?: string;
}

/**
 * Finds and imports the plugin that a config names. `name` is an id (`ddpg`), a package (`tersor-agent-foo`,
 * `@me/agent`), a path (`./agent.js`), or one of the last two with `#id` where the module holds several. An
 * id that
 * no package is named after is looked for in all that are installed by the naming rule. `directories` are
 * searched
 * in order, the user's project first.
 * Throws `PLUGIN_NOT_FOUND`, `PLUGIN_AMBIGUOUS`, `PLUGIN_FAILED`, `PLUGIN_INVALID` or `PLUGIN_CORE_MISMATCH`.
 */
export async function loadPlugin(
  kind: PluginKind,
  name: string,
  directories: readonly string[],
  builtins: readonly Plugin[] = [],
): Promise<LoadedPlugin> {
  const builtin = builtins.find((plugin) => plugin.kind === kind && plugin.id === name);
  if (builtin) return { plugin: builtin, source: builtin.name };
  const [specifier, wanted] = splitName(localName(name, kind), directories);
  const isExplicit = isPath(specifier) || specifier.startsWith('@');
  if (!isExplicit && wanted === undefined) {
    const named = await loadByRule(kind, specifier, directories);
    if (named) return named;
  }
  const notFound = async (hint: string) =>
    missing(kind, name, await availableIds(kind, directories, builtins), hint);
  const file = findModule(specifier, directories);
  if (!file && isExplicit) throw await notFound(installHint(specifier, directories));
  let notAPlugin: TersorError | undefined;
  if (file) {
    try {
      const plugin = chosen(kind, specifier, await importPlugins(specifier, file), wanted, specifier);
      return { plugin, source: specifier, file };
    } catch (error) {
      // A package of that name may have nothing to do with us; the id can still be that of an installed
      // plugin.
      const mayBeForeign = !isExplicit && wanted === undefined;
      if (!mayBeForeign || !isTersorError(error) || error.code !== 'PLUGIN_INVALID') throw error;
      notAPlugin = error;
    }
  }
  const installed = (await installedPlugins(kind, directories)).flatMap((entry) =>
    'plugin' in entry ? [entry] : [],
  );
  const matches = installed.filter(({ plugin }) => plugin.id === name);
  if (matches.length > 1) throw ambiguous(kind, name, matches);
  if (matches[0]) return matches[0];
  throw (
    notAPlugin ?? (await notFound(`Use one of these, or install a package named tersor-${kind}-${name}.`))
  );
}

/**
 * The plugin of a package that is named after its id, ours or anybody's, or that states the id in its
 * package.json.
 */
async function loadByRule(
  kind: PluginKind,
  id: string,
  directories: readonly string[],
): Promise<LoadedPlugin | undefined> {
  const stating = (packages: readonly UsedPackage[]) =>
    packages.flatMap(({ name, manifest }) =>
      statedPlugins(manifest).includes(`${kind}/${id}`) ? [name] : [],
    );
  const scoped = () =>
    packagesOfKind(kind, directories).filter((name) => name.endsWith(`/tersor-${kind}-${id}`));
  for (const sources of [
    () => [`@tersor/${kind}-${id}`],
    () => stating(usedPackages(directories)),
    () => stating(importablePackages(directories)),
    () => [`tersor-${kind}-${id}`],
    scoped,
  ]) {
    const found: LoadedPlugin[] = [];
    for (const source of new Set(sources())) {
      const file = findModule(source, directories);
      if (!file) continue;
      const plugin = (await importPlugins(source, file)).find((each) => each.kind === kind && each.id === id);
      if (plugin) found.push({ plugin, source, file });
    }
    if (found.length > 1) throw ambiguous(kind, id, found);
    if (found[0]) return found[0];
  }
  return undefined;
}

/**
 * The one plugin of a module that is meant: by its id, by the module's own name, or since there is no other.
 */
function chosen(
  kind: PluginKind,
  source: string,
  plugins: readonly Plugin[],
  wanted: string | undefined,
  preferred: string,
): Plugin {
  const candidates = plugins.filter((plugin) => plugin.kind === kind);
  const match = candidates.find(({ id }) => id === (wanted ?? preferred));
  if (match) return match;
  if (wanted === undefined && candidates.length === 1) return candidates[0]!;
  if (candidates.length === 0 || wanted !== undefined) {
    const found = plugins.map((plugin) => `${plugin.kind} "${plugin.id}"`).join(', ');
    const what = `${kind}${wanted === undefined ? '' : ` "${wanted}"`}`;
    throw new TersorError('PLUGIN_NOT_FOUND', `${source} has no ${what}; it has ${found}.`);
  }
  const choices = candidates.map(({ id }) => `${source}#${id}`);
  throw new TersorError(
    'PLUGIN_AMBIGUOUS',
    `${source} has several plugins of the kind ${kind}: ${choices.join(', ')}.`,
    {
      hint: `Name the one you mean, for instance use: ${choices[0]}`,
    },
  );
}

function ambiguous(kind: PluginKind, id: string, found: readonly LoadedPlugin[]): TersorError {
  const choices = found.map(({ source }) => `${source}#${id}`);
  return new TersorError(
    'PLUGIN_AMBIGUOUS',
    `The ${kind} "${id}" is in several packages: ${choices.join(', ')}.`,
    {
      hint: `Name the one you mean, for instance use: ${choices[0]}`,
    },
  );
}

function missing(kind: PluginKind, name: string, available: readonly string[], hint: string): TersorError {
  const known = available.join(', ') || 'none';
  return new TersorError('PLUGIN_NOT_FOUND', `There is no ${kind} "${name}". Available: ${known}.`, { hint });
}

async function availableIds(
  kind: PluginKind,
  directories: readonly string[],
  builtins: readonly Plugin[],
): Promise<string[]> {
  const installed = await installedPlugins(kind, directories);
  const ids = installed.flatMap((entry) => ('plugin' in entry ? [entry.plugin.id] : []));
  return [
    ...new Set([...builtins.filter((plugin) => plugin.kind === kind).map(({ id }) => id), ...ids]),
  ].sort();
}

/**
 * All plugins of one package, folder or file, for `tersor check`. Throws as `loadPlugin` does.
 */
export async function loadModulePlugins(
  specifier: string,
  directories: readonly string[],
): Promise<Plugin[]> {
  const place = localName(specifier, 'plugin');
  const file = findModule(place, directories);
  if (!file)
    throw new TersorError('PLUGIN_NOT_FOUND', `There is no plugin at ${place}.`, {
      hint: installHint(place, directories),
    });
  return importPlugins(place, file);
}

/**
 * Official and third-party plugins of a kind that are installed, by the naming rule; each with the error when
 * it cannot be loaded.
 */
export async function installedPlugins(
  kind: PluginKind,
  directories: readonly string[],
): Promise<(LoadedPlugin | { source: string; error: TersorError })[]> {
  const found: (LoadedPlugin | { source: string; error: TersorError })[] = [];
  for (const name of packagesOfKind(kind, directories)) {
    try {
      const file = findModule(name, directories);
      if (!file) continue;
      const plugins = await importPlugins(name, file);
      for (const plugin of plugins) if (plugin.kind === kind) found.push({ plugin, source: name, file });
    } catch (cause) {
      // Whatever is wrong with one plugin, the others are still listed.
      const error = isTersorError(cause)
        ? cause
        : new TersorError('PLUGIN_FAILED', `The plugin ${name} cannot be examined: ${messageOf(cause)}`, {
            cause,
          });
      found.push({ source: name, error });
    }
  }
  return found;
}

/**
 * Names of the packages in use, and of ours that can be imported, that follow the naming rule or state
 * plugins of the kind in their package.json: no folder is scanned but that of our scope.
 */
function packagesOfKind(kind: PluginKind, directories: readonly string[]): string[] {
  const rule = new RegExp(`^@tersor/${kind}-|(^|/)tersor-${kind}-`);
  const isOfKind = ({ name, manifest }: UsedPackage) =>
    rule.test(name) || statedPlugins(manifest).some((stated) => stated.startsWith(`${kind}/`));
  return [
    ...new Set(
      [...usedPackages(directories), ...importablePackages(directories)]
        .filter(isOfKind)
        .map(({ name }) => name),
    ),
  ];
}

async function importPlugins(source: string, file: string): Promise<Plugin[]> {
  const other = otherCore(file);
  // Another copy of the same version works; of another version, its types and errors need not be ours.
  if (other && other.version !== coreVersion) {
    const here = `this is ${coreVersion} at ${join(__dirname, '../..')}`;
    const message = `There are two versions of @tersor/core: ${source} uses ${other.version} at ${other.root}; ${here}.`;
    throw new TersorError('PLUGIN_CORE_MISMATCH', message, {
      hint: 'Install a version of the plugin for this core, or merge the two with npm dedupe (npm ls @tersor/core shows which package needs which version).',
    });
  }
  let exported: unknown;
  try {
    exported = await import(/\.[cm]?[jt]s$/.test(file) ? pathToFileURL(file).href : file);
  } catch (cause) {
    throw importFailure(source, file, cause);
  }
  const plugins = unwrapDefault(exported);
  for (const plugin of plugins) checkPlugin(plugin, source);
  return plugins as Plugin[];
}

/** A CommonJS module imported by an ES module arrives with its exports (and their default) one level down. */
function unwrapDefault(exported: unknown): unknown[] {
  let value = exported;
  while (typeof value === 'object' && value !== null && 'default' in value) value = value.default;
  return Array.isArray(value) ? value : [value];
}

function checkPlugin(candidate: unknown, source: string): void {
  const invalid = (reason: string): never => {
    throw new TersorError('PLUGIN_INVALID', `${source} does not export a Tersor plugin: ${reason}.`, {
      hint: 'Its default export must come from definePlugin (or be an array of them).',
    });
  };
  if (typeof candidate !== 'object' || candidate === null || !('tersorPlugin' in candidate)) {
    invalid('its default export is not made by definePlugin');
  }
  const plugin = candidate as Partial<Plugin>;
  // What was written for another core may differ in everything below.
  if (typeof plugin.core === 'string' && !satisfies(coreVersion, plugin.core, { includePrerelease: true })) {
    const wants = `${source} (${plugin.kind} "${plugin.id}") works with @tersor/core ${plugin.core}`;
    throw new TersorError('PLUGIN_CORE_MISMATCH', `${wants}; this is ${coreVersion}.`, {
      hint: 'Install a version of the plugin for this core, or the core that it needs.',
    });
  }
  if (plugin.tersorPlugin !== 1)
    invalid(`it has plugin API version ${String(plugin.tersorPlugin)}, and this core knows 1`);
  if (!PLUGIN_KINDS.includes(plugin.kind as PluginKind)) {
    invalid(`its kind is "${String(plugin.kind)}", not one of ${PLUGIN_KINDS.join(', ')}`);
  }
  if (typeof plugin.id !== 'string' || plugin.id === '') invalid('it has no id');
  if (typeof plugin.create !== 'function') invalid('it has no create function');
  if (plugin.environment !== undefined && typeof plugin.environment !== 'function')
    invalid('its environment is no function that gives environment variables');
  if (plugin.files !== undefined && typeof plugin.files !== 'function')
    invalid('its files is no function that gives paths');
  const problem = schemaProblem(plugin.options);
  if (problem !== undefined) invalid(problem);
}
