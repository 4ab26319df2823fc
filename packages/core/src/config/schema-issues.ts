import { closest, distance } from 'fastest-levenshtein';
import { jsonSchemaOf, schemaAlternatives, schemaChildren, type JsonSchema } from './json-schema.js';

/**
 * What a validator finds wrong: message and path of the standard-schema contract; `code` and what follows
 * where zod says them.
 */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string | undefined;
  /** Keys that are not known, of `unrecognized_keys`. */
  readonly keys?: readonly string[];
  /** Issues of each alternative, of `invalid_union`. */
  readonly errors?: readonly (readonly SchemaIssue[])[];
  readonly expected?: unknown;
  /** What is allowed, of `invalid_value`. */
  readonly values?: readonly unknown[];
  /** Kind of what is too small, and how large it must be, of `too_small`. */
  readonly origin?: unknown;
  readonly minimum?: unknown;
}

/**
 * What is wrong with an input, one sentence per issue, with the nearest known key for an unknown one. Known
 * keys and descriptions come from the schema's JSON schema; where it has none, the validator's own message
 * has to do.
 */
export function describeIssues(issues: readonly SchemaIssue[], schema: unknown): string[] {
  return issues.map((issue) => describeIssue(issue, schema));
}

/** Path of an issue as words. */
function pathOf({ path = [] }: SchemaIssue): string[] {
  return path.map((part) => String(typeof part === 'object' ? part.key : part));
}

function describeIssue(issue: SchemaIssue, schema: unknown): string {
  const path = pathOf(issue);
  const place = path.length > 0 ? path.join('.') : 'the top level';
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    const known = knownKeys(schema, path);
    const list = known ? [`Known keys: ${known.join(', ') || 'none'}.`] : [];
    return [...issue.keys.map((key) => unknownKey(key, place, known)), ...list].join(' ');
  }
  const lack = isMissing(issue) ? 'missing' : isEmptyText(issue) ? 'empty' : undefined;
  if (lack !== undefined) {
    const described = (nodesAt(schema, path) ?? [])
      .flatMap(schemaAlternatives)
      .find(({ description }) => description)?.description;
    return `${place} is ${lack}${described ? `: ${described}` : '.'}`;
  }
  if (issue.code === 'invalid_union' && issue.errors) {
    const all = issuesWithin(issue);
    const inner = [...all].sort((a, b) => depthOf(b) - depthOf(a))[0];
    if (inner && depthOf(inner) > 0) {
      const place = [...path, ...pathOf(inner)];
      // Alternatives that one key tells apart: each expects another value of it.
      const values = all.filter((each) => isChoiceAt(each, pathOf(inner))).flatMap(expectedBy);
      return isChoiceAt(inner, pathOf(inner)) && values.length > 1
        ? `${place.join('.')}: expected ${[...new Set(values)].join(' or ')}.`
        : describeIssue({ ...inner, path: place }, schema);
    }
    const expected = all.flatMap(expectedBy);
    if (expected.length > 0) return `${place}: expected ${[...new Set(expected)].join(' or ')}.`;
  }
  return `${place}: ${issue.message.replace(/\.$/, '')}.`;
}

/** Issues of all alternatives, of alternatives within them, too; their paths begin at the union. */
function issuesWithin({ errors = [] }: SchemaIssue): SchemaIssue[] {
  return errors.flat().flatMap((inner) => {
    if (inner.code !== 'invalid_union' || !inner.errors) return [inner];
    return issuesWithin(inner).map((each) => ({ ...each, path: [...pathOf(inner), ...pathOf(each)] }));
  });
}

/** How deep within the value an issue lies: an unknown key, below what has it. */
function depthOf(issue: SchemaIssue): number {
  return pathOf(issue).length + (issue.code === 'unrecognized_keys' ? 1 : 0);
}

function isChoiceAt(issue: SchemaIssue, path: readonly string[]): boolean {
  return issue.code === 'invalid_value' && pathOf(issue).join('.') === path.join('.');
}

/** What would have been right, in words: types, or the values of a choice. */
function expectedBy({ code, expected, values = [] }: SchemaIssue): string[] {
  if (code === 'invalid_value')
    return values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value)));
  return code === 'invalid_type' ? [String(expected)] : [];
}

function unknownKey(key: string, place: string, known: readonly string[] | undefined): string {
  if (!known) return `Unknown key "${key}" at ${place}.`;
  const nearest = known.length > 0 ? closest(key, known) : undefined;
  const guess =
    nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 2)
      ? `; did you mean "${nearest}"?`
      : '.';
  return `Unknown key "${key}" at ${place}${guess}`;
}

/** Whether a value was left out. A choice of values does not say so itself: the types beside it do. */
function isMissing(issue: SchemaIssue): boolean {
  if (issue.code === 'invalid_type') return issue.message.endsWith('received undefined');
  const alternatives = issue.code === 'invalid_union' ? (issue.errors ?? []).flat() : [];
  return alternatives.some((inner) => pathOf(inner).length === 0 && isMissing(inner));
}

function isEmptyText({ code, origin, minimum }: SchemaIssue): boolean {
  return code === 'too_small' && origin === 'string' && minimum === 1;
}

/** Keys that a schema knows at a path; undefined where it cannot be asked. */
function knownKeys(schema: unknown, path: readonly string[]): string[] | undefined {
  const nodes = nodesAt(schema, path);
  return (
    nodes && [
      ...new Set(nodes.flatMap(schemaAlternatives).flatMap((node) => Object.keys(node.properties ?? {}))),
    ]
  );
}

/** What a schema says at a path, read from its JSON schema. */
function nodesAt(schema: unknown, path: readonly string[]): JsonSchema[] | undefined {
  const root = jsonSchemaOf(schema);
  return root && path.reduce(schemaChildren, [root]);
}
