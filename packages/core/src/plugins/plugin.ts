import type { OptionsSchema } from '../config/options-schema.js';
import type { PluginKind, PluginProducts, Token } from '../tokens.js';

/** What a plugin's `create` is given besides its options. */
export interface PluginContext {
  /** Folder that relative paths of the config are resolved against. */
  readonly directory: string;
  readonly seed: number;
  /**
   * Threads that the product should keep to where its options name none: other processes of the same search
   * compute beside this one. Absent: all that there are.
   */
  readonly threads?: number;
  /** Another service of the host, for instance the data set: `await context.get(TOKENS.dataset)`. */
  get<T>(token: Token<T>): Promise<T>;
}

/** A plugin, as `definePlugin` marks it. */
export interface Plugin<K extends PluginKind = PluginKind, Options = unknown> {
  readonly tersorPlugin: 1;
  /** npm name of the package that it comes in. */
  readonly name: string;
  readonly kind: K;
  /** The word that selects it in a config. */
  readonly id: string;
  /** Range of @tersor/core versions that it works with. */
  readonly core: string;
  /** One line for `tersor plugins`. */
  readonly description: string;
  /**
   * Validates the options that the config gives; also where their defaults are written down. A schema of zod
   * 4, or see `OptionsSchema`.
   */
  readonly options: OptionsSchema<Options>;
  /**
   * Environment variables that a process which uses the product has to be started with, for instance those
   * that a native library reads once as it is loaded; what the user has set comes first. The command line
   * asks backends.
   */
  environment?(options: Options): Readonly<Record<string, string>>;
  /**
   * Paths, as the options give them, of files whose content decides results, for instance a table that is
   * read. A run goes on, and a study averages results, only where these files hold the same. A data set says
   * the same of its own files by `fingerprint`.
   */
  files?(options: Options): readonly string[];
  /**
   * Of a data set: the ways in which models usually want their pixels, by name, as options of this plugin.
   * `tersor init` tries all of them, and takes the one with which the model is right most often.
   */
  readonly scalings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Makes the product. It may be called more than once, with other options. */
  create(options: Options, context: PluginContext): PluginProducts[K] | Promise<PluginProducts[K]>;
}

/**
 * Declares a plugin; the package's default export is one of these, or an array of them.
 *
 * @example
 * export default definePlugin({
 *   name: 'tersor-reward-cube', kind: 'reward', id: 'cube', core: '>=0.1.0 <1.0.0', description: 'accuracy
 * cubed',
 *   options: z.strictObject({}),
 *   create: () => ({ id: 'cube', evaluate: ({ accuracy }) => accuracy ** 3 }),
 * });
 */
export function definePlugin<
  K extends PluginKind,
  Options,
  Schema extends OptionsSchema<Options> = OptionsSchema<Options>,
>(
  plugin: Omit<Plugin<K, Options>, 'tersorPlugin' | 'options'> & {
    readonly options: OptionsSchema<Options> & Schema;
  },
): Plugin<K, Options> & { readonly options: Schema } {
  return { ...plugin, tersorPlugin: 1 };
}
