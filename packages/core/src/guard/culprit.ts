import { isTersorError, messageOf, TersorError } from '../errors.js';
import type { PluginKind } from '../tokens.js';

/** The plugin that an error is about. */
export interface Culprit {
  /** Package or path that it was loaded from. */
  readonly source: string;
  readonly kind: PluginKind;
  readonly id: string;
}

/** `tersor-agent-foo (agent "foo")`. */
function nameOfCulprit({ source, kind, id }: Culprit): string {
  return `${source} (${kind} "${id}")`;
}

/**
 * The error for a value that breaks a promise of the contract: names plugin, member, value, and what was
 * promised.
 */
export function misbehaved(culprit: Culprit, member: string, expected: string, value: unknown): TersorError {
  const found = describeValue(value);
  return new TersorError(
    'PLUGIN_MISBEHAVED',
    `${nameOfCulprit(culprit)}: ${member} gave ${found}; expected ${expected}.`,
    {
      hint: `The fault is in the plugin, not the config. Its author can run: tersor check ${culprit.source}`,
    },
  );
}

/**
 * What a plugin threw, with the plugin named; errors with a code of ours say enough by themselves. The stack
 * is that of `cause`.
 */
export function blamed(culprit: Culprit, member: string, cause: unknown): TersorError {
  if (isTersorError(cause)) return cause;
  return new TersorError(
    'PLUGIN_FAILED',
    `${nameOfCulprit(culprit)} threw in ${member}: ${messageOf(cause)}`,
    {
      cause,
      hint: 'The fault is in the plugin: tell its author, with the stack (--verbose shows it).',
    },
  );
}

/** A value in a few words, for messages. */
function describeValue(value: unknown): string {
  if (isPromise(value)) return 'a promise';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `a ${value.constructor.name} of ${String(value.length)} values`;
  // JSON would write NaN as null, and cannot write everything.
  if (Array.isArray(value))
    return shortened(
      `[${value.slice(0, 20).map(describeValue).join(', ')}${value.length > 20 ? ', ...' : ''}]`,
    );
  return shortened(`an object with ${Object.keys(value).join(', ') || 'no members'}`);
}

/** Whether a value is a promise, of whatever kind. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function shortened(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}
