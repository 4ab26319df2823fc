import { messageOf, TersorError } from '../errors.js';
import { describeIssues, type SchemaIssue } from './schema-issues.js';

/** What a validator makes of a value: the value, with its defaults, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema of any validator that keeps the standard-schema contract (https://standardschema.dev, version 1):
 * zod from 3.24, valibot, arktype and others, of whatever copy. The host calls `validate` and nothing else;
 * for zod 4 it also reads the JSON schema, to name the nearest key.
 */
export interface OptionsSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/**
 * What the host can validate with: the standard contract, or the `safeParse` that plugins before it were
 * asked for.
 */
interface LooseSchema {
  readonly '~standard'?: Partial<OptionsSchema['~standard']>;
  readonly safeParse?: (
    value: unknown,
  ) => { success: true; data: unknown } | { success: false; error: { issues: SchemaIssue[] } };
  readonly _def?: unknown;
}

/** A plugin, as far as its options go. */
interface WithOptions {
  readonly options: OptionsSchema;
}

/** What keeps a plugin's `options` from being used, in words; undefined for a schema. */
export function schemaProblem(options: unknown): string | undefined {
  const isObject = (typeof options === 'object' && options !== null) || typeof options === 'function';
  const schema: LooseSchema = isObject ? options : {};
  if (typeof schema['~standard']?.validate === 'function') return undefined;
  if (typeof schema.safeParse === 'function') {
    // Older schemas of zod have `_def` and no `~standard`; nothing here reads their issues and defaults.
    return schema._def === undefined
      ? undefined
      : 'its options are a schema of zod 3 before 3.24; use zod 4 (npm install zod@4)';
  }
  return 'its options are no schema: use zod 4, or another validator that keeps the standard-schema contract ("~standard")';
}

/**
 * Options of a plugin, validated, with their defaults. `place` begins the message: where they were given.
 * Throws `PLUGIN_OPTIONS_INVALID` with a sentence for each fault.
 */
export async function parseOptions(
  plugin: WithOptions,
  options: unknown,
  place: string,
  hint?: string,
): Promise<unknown> {
  let result: SchemaResult<unknown>;
  try {
    result = await validate(plugin.options, options);
  } catch (cause) {
    const message = `${place}: the schema of its options threw: ${messageOf(cause)}`;
    throw new TersorError('PLUGIN_FAILED', message, { cause });
  }
  if (!result.issues) return result.value;
  const isOldZod = plugin.options['~standard']?.vendor === 'zod' && !('_zod' in plugin.options);
  const oldZod =
    'The schema of these options is of zod 3, which cannot list the known keys; with zod 4 it can.';
  throw new TersorError(
    'PLUGIN_OPTIONS_INVALID',
    `${place}: ${describeIssues(result.issues, plugin.options).join(' ')}`,
    { hint: hint ?? (isOldZod ? oldZod : undefined) },
  );
}

/** Whether a plugin can be made without being given any options. */
export async function needsNoOptions(plugin: WithOptions): Promise<boolean> {
  try {
    return !(await validate(plugin.options, {})).issues;
  } catch {
    return false;
  }
}

async function validate(options: OptionsSchema, value: unknown): Promise<SchemaResult<unknown>> {
  const schema = options as LooseSchema;
  const standard = schema['~standard'];
  if (standard?.validate) return standard.validate(value);
  const parsed = schema.safeParse!(value);
  return parsed.success ? { value: parsed.data } : { issues: parsed.error.issues };
}
