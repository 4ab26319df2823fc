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
  if (isMissing(issue)) {
    const described = (nodesAt(schema, path) ?? [])
      .flatMap(schemaAlternatives)
      .find(({ description }) => description)?.description;
    return `${place} is missing${described ? `: ${described}` : '.'}`;
  }
  if (issue.code === 'invalid_union' && issue.errors) {
    const all = issuesWithin(issue);
    const inner = [...all].sort((a, b) => pathOf(b).length - pathOf(a).length)[0];
    if (inner && pathOf(inner).length > 0)
      return describeIssue({ ...inner, path: [...path, ...pathOf(inner)] }, schema);
    const expected = all.flatMap((each) => (each.code === 'invalid_type' ? [String(each.expected)] : []));
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

function unknownKey(key: string, place: string, known: readonly string[] | undefined): string {
  if (!known) return `Unknown key "${key}" at ${place}.`;
  const nearest = known.length > 0 ? closest(key, known) : undefined;
  const guess =
    nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 2)
      ? `; did you mean "${nearest}"?`
      : '.';
  return `Unknown key "${key}" at ${place}${guess}`;
}

/** Whether a value was left out, in every form that it could have. */
function isMissing(issue: SchemaIssue): boolean {
  if (issue.code === 'invalid_type') return issue.message.endsWith('received undefined');
  const alternativesOf = issue.code === 'invalid_union' ? (issue.errors ?? []) : [];
  return (
    alternativesOf.length > 0 &&
    alternativesOf.flat().every((inner) => pathOf(inner).length === 0 && isMissing(inner))
  );
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
