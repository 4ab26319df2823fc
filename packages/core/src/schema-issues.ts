import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What is wrong with an input, one sentence per issue, with the nearest known key for an unknown one. */
export function describeIssues(issues: readonly Issue[], schema: z.ZodType): string[] {
  return issues.map((issue) => describeIssue(issue, schema));
}

function describeIssue(issue: Issue, schema: z.ZodType): string {
  const place = issue.path.length > 0 ? issue.path.map(String).join('.') : 'the top level';
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path.map(String));
    return issue.keys
      .map((key) => {
        const nearest = known.length > 0 ? closest(key, known) : undefined;
        const guess = nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 2) ? `; did you mean "${nearest}"?` : '.';
        return `Unknown key "${key}" at ${place}${guess} Known keys: ${known.join(', ') || 'none'}.`;
      })
      .join(' ');
  }
  if (isMissing(issue)) {
    const described = nodesAt(schema, issue.path.map(String)).flatMap(alternatives).find(({ description }) => description)?.description;
    return `${place} is missing${described ? `: ${described}` : '.'}`;
  }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0];
    if (inner && inner.path.length > 0) return describeIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue, schema);
    const expected = issue.errors.flat().flatMap((each) => (each.code === 'invalid_type' ? [each.expected] : []));
    if (expected.length > 0) return `${place}: expected ${[...new Set(expected)].join(' or ')}.`;
  }
  return `${place}: ${issue.message}.`;
}

/** Whether a value was left out, in every form that it could have. */
function isMissing(issue: Issue): boolean {
  if (issue.code === 'invalid_type') return issue.message.endsWith('received undefined');
  return issue.code === 'invalid_union' && issue.errors.length > 0 && issue.errors.flat().every((inner) => inner.path.length === 0 && isMissing(inner));
}

/** Keys that a schema knows at a path. */
function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  return [...new Set(nodesAt(schema, path).flatMap(alternatives).flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** What a schema says at a path, read from its JSON schema. */
function nodesAt(schema: z.ZodType, path: readonly string[]): JsonSchema[] {
  let nodes: JsonSchema[] = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema];
  for (const key of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      const child = node.properties?.[key] ?? (/^\d+$/.test(key) && typeof node.items === 'object' ? node.items : undefined);
      return child ? [child] : [];
    });
  }
  return nodes;
}

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

function alternatives(node: JsonSchema): JsonSchema[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return inner.length > 0 ? [node, ...inner.flatMap(alternatives)] : [node];
}
