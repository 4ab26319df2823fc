import {
  parseDocument,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { messageOf, TersorError } from '../errors.js';

/**
 * Deepest nesting of lists and maps: far deeper than any config, far from where the parser runs out of
 * stack and ends the process.
 */
const MAX_DEPTH = 64;

/**
 * Parses YAML or JSON. `place` (a file, an option) begins the message. Throws `CONFIG_INVALID`, also for
 * what is nested deeper than 64 levels.
 */
export function parseYaml(
  text: string,
  place: string,
  options?: ParseOptions & DocumentOptions & SchemaOptions,
): Document.Parsed {
  if (isTooDeep(text))
    throw new TersorError(
      'CONFIG_INVALID',
      `${place}: lists and maps are nested deeper than ${MAX_DEPTH} levels.`,
    );
  try {
    return parseDocument(text, options);
  } catch (cause) {
    throw new TersorError('CONFIG_INVALID', `${place}: it cannot be read as YAML: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** What keeps a text from being read as YAML, in words; undefined where nothing does. */
export function syntaxProblem({ errors: [first] }: Document.Parsed): string | undefined {
  if (first?.code !== 'MULTIPLE_DOCS') return first?.message;
  const place = first.linePos ? ` at line ${first.linePos[0].line}` : '';
  return `a second document begins${place}, and only one is read: remove it.`;
}

/**
 * The values of a document. Throws `CONFIG_INVALID` for aliases that are not defined, refer to themselves
 * or multiply (`*a` in a list in a list), and for keys that JavaScript gives a meaning of their own.
 */
export function plainValue(document: Document, place: string): unknown {
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    throw new TersorError(
      'CONFIG_INVALID',
      `${place}: its aliases cannot be resolved: ${messageOf(cause)}.`,
      { cause, hint: 'Write out what the aliases (*name) stand for.' },
    );
  }
  requirePlain(value, place);
  return value;
}

/**
 * Throws `CONFIG_INVALID` for data with a key `__proto__`, which would be lost in silence, and for data
 * that holds itself.
 */
export function requirePlain(value: unknown, place: string): void {
  const around = new Set<object>();
  const visit = (each: unknown, path: readonly string[]): void => {
    if (typeof each !== 'object' || each === null) return;
    const at = path.length > 0 ? ` at ${path.join('.')}` : '';
    if (around.has(each)) throw new TersorError('CONFIG_INVALID', `${place}: the value${at} holds itself.`);
    around.add(each);
    for (const [key, inner] of Object.entries(each)) {
      if (key === '__proto__')
        throw new TersorError('CONFIG_INVALID', `${place}: the key "__proto__"${at} cannot be set.`, {
          hint: 'Remove it: no option has this name.',
        });
      visit(inner, [...path, key]);
    }
    around.delete(each);
  };
  visit(value, []);
}

/**
 * Whether brackets, or indents and dashes at the beginning of a line, are nested too deep. What is quoted
 * counts too: no one quotes so many.
 */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const mark of text) {
    if (mark === '[' || mark === '{') depth++;
    else if (mark === ']' || mark === '}') depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  // Every level of a block takes a column, or a dash or question mark with a space.
  return text.split('\n').some((line) => {
    const start = /^(?:[ \t]|[-?:][ \t])*/.exec(line)![0];
    return (
      start.replaceAll(/[-?:]/g, '').length > 4 * MAX_DEPTH ||
      start.replaceAll(/[ \t]/g, '').length > MAX_DEPTH
    );
  });
}
