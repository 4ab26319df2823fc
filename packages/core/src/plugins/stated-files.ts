import { misbehaved } from '../guard/culprit.js';
import { messageOf, TersorError } from '../errors.js';
import type { Plugin } from './plugin.js';

/** A file whose content decides results, as a plugin says of its options (`Plugin.files`). */
export interface StatedFile {
  /** Where the config names the plugin: `prune.budget.latency`. */
  readonly place: string;
  /** The path as the option gives it; a relative one starts from the folder of the config. */
  readonly path: string;
}

/**
 * The files that options of a plugin name. Throws `PLUGIN_FAILED` where the plugin throws, and
 * `PLUGIN_MISBEHAVED` where it gives something else than paths.
 */
export function statedFiles(plugin: Plugin, source: string, options: unknown, place: string): StatedFile[] {
  const { kind, id } = plugin;
  let paths: unknown;
  try {
    paths = plugin.files?.(options) ?? [];
  } catch (cause) {
    const message = `${source} (${kind} "${id}") threw in files: ${messageOf(cause)}`;
    throw new TersorError('PLUGIN_FAILED', message, { cause });
  }
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path !== ''))
    return paths.map((path: string) => ({ place, path }));
  throw misbehaved({ source, kind, id }, 'files', 'a list of paths', paths);
}
