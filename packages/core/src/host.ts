import { isTersorError, messageOf, TersorError } from './errors.js';
import { guardProduct } from './guard/guard-product.js';
import { parseOptions } from './config/options-schema.js';
import type { Plugin, PluginContext } from './plugins/plugin.js';
import { loadPlugin } from './plugins/plugin-loader.js';
import { pluginVersion, type PluginVersion } from './plugins/plugin-version.js';
import { statedFiles, type StatedFile } from './plugins/stated-files.js';
import { productProblem } from './plugins/product-members.js';
import { TOKENS, type PluginKind, type PluginProducts, type Token } from './tokens.js';

/** A place in the config that a plugin fills. */
export interface Slot<K extends PluginKind = PluginKind> {
  readonly kind: K;
  /**
   * Tells several of a kind apart: `prune`, `quantize`; the empty name is what `context.get(token)` of a
   * plugin finds.
   */
  readonly name: string;
  /** Path in the config, for messages. */
  readonly path: string;
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface HostOptions {
  readonly slots: readonly Slot[];
  /** Folder of the config: relative paths and plugins are resolved from here first. */
  readonly directory: string;
  readonly seed: number;
  /** Threads that products should keep to, see `PluginContext.threads`. */
  readonly threads?: number | undefined;
  /** Further folders that plugins are looked up from, after the user's own. */
  readonly searchFrom?: readonly string[];
  /** Plugins that need no package of their own. */
  readonly builtins?: readonly Plugin[];
}

/** What was wired: for `tersor plugins` and the summary. */
export interface WiredPlugin extends PluginVersion {
  readonly kind: PluginKind;
  readonly slot: string;
  readonly id: string;
  readonly source: string;
}

/** Where everything that a config names is made, once, and disposed. */
export interface Host {
  /** The product that fills a slot. Throws `PLUGIN_NOT_FOUND` when the config fills no such slot. */
  get<T>(token: Token<T>, slot?: string): Promise<T>;
  has(token: Token<unknown>, slot?: string): boolean;
  readonly wired: readonly WiredPlugin[];
  /** Files that options name and whose content decides results, as the plugins say. */
  readonly files: readonly StatedFile[];
  /** Disposes every product that was made, newest first. */
  dispose(): Promise<void>;
}

/**
 * Loads the plugins that the slots name, validates their options, and binds them; products are made on first
 * use.
 * Throws the codes of `loadPlugin`, `PLUGIN_DUPLICATE`, `PLUGIN_OPTIONS_INVALID`, and `PLUGIN_FAILED` when a
 * product cannot be made.
 */
export async function createHost({
  slots,
  directory,
  seed,
  threads,
  searchFrom = [],
  builtins = [],
}: HostOptions): Promise<Host> {
  requireUnique(builtins);
  // Two hundred modules, which most users of this package's contracts and errors need never load.
  await import('reflect-metadata');
  const { Container } = await import('inversify');
  const container = new Container();
  const wired: WiredPlugin[] = [];
  const files: StatedFile[] = [];
  const made: unknown[] = [];
  const get = async <T>(token: Token<T>, slot = ''): Promise<T> => {
    if (!container.isBound(token.symbol, { name: slot })) {
      throw new TersorError(
        'PLUGIN_NOT_FOUND',
        `The config names no ${token.symbol.description?.replace('tersor/', '')}${slot && ` for "${slot}"`}.`,
      );
    }
    return container.getAsync<T>(token.symbol, { name: slot });
  };
  const context: PluginContext = { directory, seed, get, ...(threads !== undefined && { threads }) };

  for (const slot of slots) {
    const { plugin, source, file } = await loadPlugin(
      slot.kind,
      slot.use,
      [directory, ...searchFrom],
      builtins,
    );
    const options = await parseOptions(
      plugin,
      slot.options,
      `${slot.path} (${slot.kind} "${plugin.id}" of ${source})`,
    );
    files.push(...statedFiles(plugin, source, options, slot.path));
    const token = TOKENS[slot.kind] as Token<PluginProducts[PluginKind]>;
    container
      .bind(token.symbol)
      .toDynamicValue(async () => {
        const product = await createProduct(plugin, source, options, context);
        made.push(product);
        return product;
      })
      .inSingletonScope()
      .whenNamed(slot.name);
    wired.push({ kind: slot.kind, slot: slot.name, id: plugin.id, source, ...(file && pluginVersion(file)) });
  }
  return {
    get,
    has: (token, slot = '') => container.isBound(token.symbol, { name: slot }),
    wired,
    files,
    dispose: async () => {
      // One that fails must not keep the others from being freed.
      let failure: { readonly error: unknown } | undefined;
      for (const product of made.splice(0).reverse()) {
        try {
          if (isDisposable(product)) await product.dispose();
        } catch (error) {
          failure ??= { error };
        }
      }
      if (failure) throw failure.error;
    },
  };
}

/**
 * Makes what a plugin is for, with its contract checked at every call (see `guardProduct`). Throws
 * `PLUGIN_FAILED` when it throws, `PLUGIN_INVALID` when it gives something else than its kind,
 * `PLUGIN_MISBEHAVED` when what it says of itself breaks the contract.
 */
export async function createProduct(
  plugin: Plugin,
  source: string,
  options: unknown,
  context: PluginContext,
): Promise<PluginProducts[PluginKind]> {
  let product: PluginProducts[PluginKind];
  try {
    product = await plugin.create(options, context);
  } catch (cause) {
    if (isTersorError(cause)) throw cause;
    throw new TersorError(
      'PLUGIN_FAILED',
      `${source} (${plugin.kind} "${plugin.id}") threw while it was created: ${messageOf(cause)}`,
      { cause },
    );
  }
  const problem = productProblem(plugin.kind, product);
  if (problem)
    throw new TersorError(
      'PLUGIN_INVALID',
      `${source} (${plugin.kind} "${plugin.id}") is no ${plugin.kind}: ${problem}.`,
      { hint: `Its author can run: tersor check ${source}` },
    );
  return guardProduct({ source, kind: plugin.kind, id: plugin.id }, product);
}

function requireUnique(plugins: readonly Plugin[]): void {
  const seen = new Set<string>();
  for (const { kind, id, name } of plugins) {
    if (seen.has(`${kind}/${id}`))
      throw new TersorError('PLUGIN_DUPLICATE', `Two plugins claim ${kind} "${id}"; one is from ${name}.`);
    seen.add(`${kind}/${id}`);
  }
}

function isDisposable(value: unknown): value is { dispose(): void | Promise<void> } {
  return (
    typeof value === 'object' && value !== null && 'dispose' in value && typeof value.dispose === 'function'
  );
}
