import { readFile } from 'node:fs/promises';
import { isAlias, isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { readValue } from './command-value.js';
import { TersorError } from './errors.js';
import { describeIssues } from './schema-issues.js';

/** A `path=value` that replaces a value of the config, for instance `prune.agent.use=ppo`; the value is read as YAML. */
export type Override = string;

/**
 * Reads a YAML or JSON config, applies overrides and checks it against a schema.
 * Throws `CONFIG_NOT_FOUND` or `CONFIG_INVALID` with file, line, and for an unknown key the nearest known one.
 */
export async function readConfig<T>(path: string, schema: z.ZodType<T>, overrides: readonly Override[] = []): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new TersorError('CONFIG_NOT_FOUND', `There is no config at ${path}.`, { cause, hint: 'Give the path of a YAML or JSON file.' });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const syntax = document.errors[0];
  if (syntax) throw new TersorError('CONFIG_INVALID', `${path}: ${syntax.message}`);
  for (const override of overrides) applyOverride(document, override);
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map((issue) => {
    const keyPath = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    const line = lineOf(document, keyPath.map(String), lines);
    return `${path}${line === undefined ? '' : `:${line}`} ${describeIssues([issue], schema).join(' ')}`;
  });
  throw new TersorError('CONFIG_INVALID', sentences.join('\n'));
}

/** Checks a config given as data. Throws `CONFIG_INVALID`. */
export function parseConfig<T>(config: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new TersorError('CONFIG_INVALID', describeIssues(parsed.error.issues, schema).join('\n'));
}

function applyOverride(document: Document, override: Override): void {
  const at = override.indexOf('=');
  if (at <= 0) throw new TersorError('CONFIG_INVALID', `--set ${override}: expected path=value, for instance prune.agent.use=ddpg.`);
  const path = override.slice(0, at).split('.');
  // `agent: ddpg` is short for `agent: { use: ddpg }`: an override below it must keep the name.
  for (let depth = 1; depth < path.length; depth++) {
    const parent: unknown = document.getIn(path.slice(0, depth));
    if (typeof parent === 'string') document.setIn(path.slice(0, depth), document.createNode({ use: parent }));
  }
  document.setIn(path, document.createNode(readValue(override.slice(at + 1), `--set ${override.slice(0, at)}=`)));
}

/** Line of the deepest node along a path; undefined for one that an override made. */
function lineOf(document: Document, path: readonly string[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && !isAlias(node)) return node.range ? lines.linePos(node.range[0]).line : undefined;
  }
  return undefined;
}
