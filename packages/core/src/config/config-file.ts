import { createReadStream } from 'node:fs';
import { Document, isAlias, isNode, LineCounter } from 'yaml';
import type { z } from 'zod';
import { readValue } from './command-value.js';
import { messageOf, TersorError } from '../errors.js';
import { moveSettings } from './moved-settings.js';
import { describeIssues } from './schema-issues.js';
import { parseYaml, plainValue, requirePlain, syntaxProblem } from './yaml-text.js';

/** Largest config. */
const MAX_BYTES = 1 << 20;

/**
 * A `path=value` that replaces a value of the config, for instance `prune.agent.use=ppo`; the value is read
 * as YAML.
 */
export type Override = string;

/**
 * Reads a YAML or JSON config, applies overrides and checks it against a schema. Throws `CONFIG_NOT_FOUND` or
 * `CONFIG_INVALID` with file, line, and for an unknown key the nearest known one. Settings in a place of an
 * earlier version are taken, with a deprecation warning of the process that says the new place.
 */
export async function readConfig<T>(
  path: string,
  schema: z.ZodType<T>,
  overrides: readonly Override[] = [],
): Promise<T> {
  const text = await readText(path);
  const lines = new LineCounter();
  const document = parseYaml(text, path, { lineCounter: lines });
  const problem = syntaxProblem(document);
  if (problem !== undefined) throw new TersorError('CONFIG_INVALID', `${path}: ${problem}`);
  return valueOf(document, { path, schema, overrides, lines });
}

/**
 * A config that was recorded as data, with overrides. `path` is the file that holds it, for messages. Throws
 * `CONFIG_INVALID`.
 */
export function reviseConfig<T>(
  config: unknown,
  path: string,
  schema: z.ZodType<T>,
  overrides: readonly Override[] = [],
): T {
  return valueOf(new Document(config), { path, schema, overrides });
}

function valueOf<T>(
  document: Document,
  {
    path,
    schema,
    overrides,
    lines,
  }: {
    readonly path: string;
    readonly schema: z.ZodType<T>;
    readonly overrides: readonly Override[];
    readonly lines?: LineCounter;
  },
): T {
  for (const override of overrides) applyOverride(document, override);
  const { config, notices } = moveSettings(plainValue(document, path));
  if (config === null)
    throw new TersorError('CONFIG_INVALID', `${path} is empty: it has no settings.`, {
      hint: 'Fill it, or give the path of another YAML or JSON file.',
    });
  const parsed = schema.safeParse(config);
  if (parsed.success) {
    for (const notice of notices)
      process.emitWarning(`${path}: ${notice}`, { type: 'DeprecationWarning', code: 'TERSOR_MOVED' });
    return parsed.data;
  }
  const sentences = parsed.error.issues.map((issue) => {
    const keyPath = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    const line = lines && lineOf(document, keyPath.map(String), lines);
    return `${path}${line === undefined ? '' : `:${line}`} ${describeIssues([issue], schema).join(' ')}`;
  });
  throw new TersorError('CONFIG_INVALID', sentences.join('\n'));
}

/** Checks a config given as data. Throws `CONFIG_INVALID`. */
export function parseConfig<T>(config: unknown, schema: z.ZodType<T>): T {
  requirePlain(config, 'The config');
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new TersorError('CONFIG_INVALID', describeIssues(parsed.error.issues, schema).join('\n'));
}

/** The text of a config; a pipe may be one, but what does not end is refused. */
async function readText(path: string): Promise<string> {
  const unreadable = (cause: unknown) =>
    new TersorError(
      'CONFIG_NOT_FOUND',
      isMissing(cause)
        ? `There is no config at ${path}.`
        : isFolder(cause)
          ? `${path} is a folder, not a config.`
          : `The config ${path} cannot be read: ${messageOf(cause)}`,
      {
        cause,
        hint: 'Give the path of a YAML or JSON file.',
      },
    );
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BYTES) break;
    }
  } catch (cause) {
    throw unreadable(cause);
  }
  if (length > MAX_BYTES)
    throw new TersorError('CONFIG_INVALID', `${path} is not a config: it has more than ${MAX_BYTES} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}

function isMissing(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
}

function isFolder(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'EISDIR';
}

function applyOverride(document: Document, override: Override): void {
  const at = override.indexOf('=');
  if (at <= 0)
    throw new TersorError(
      'CONFIG_INVALID',
      `--set ${override}: expected path=value, for instance prune.agent.use=ddpg.`,
    );
  const path = override.slice(0, at).split('.');
  // `agent: ddpg` is short for `agent: { use: ddpg }`: an override below it must keep the name.
  for (let depth = 1; depth < path.length; depth++) {
    const parent: unknown = document.getIn(path.slice(0, depth));
    if (typeof parent === 'string')
      document.setIn(path.slice(0, depth), document.createNode({ use: parent }));
  }
  const value = document.createNode(readValue(override.slice(at + 1), `--set ${override.slice(0, at)}=`));
  try {
    document.setIn(path, value);
  } catch (cause) {
    throw new TersorError(
      'CONFIG_INVALID',
      `--set ${override}: a part of the path is a single value, which has nothing below it.`,
      { cause },
    );
  }
}

/** Line of the deepest node along a path; undefined for one that an override made. */
function lineOf(document: Document, path: readonly string[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && !isAlias(node)) return node.range ? lines.linePos(node.range[0]).line : undefined;
  }
  return undefined;
}
