import { TersorError } from '@tersor/core';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/**
 * Checks that config paths such as `prune.agent.use` exist in a config's schema. What lies below a plugin's
 * name belongs to the plugin, which checks its own options when it is made. Throws `CONFIG_INVALID` with the
 * place and the nearest known path.
 */
export function requireKnownPaths(
  paths: readonly { readonly path: string; readonly place: string }[],
  schema: z.ZodType,
): void {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const wrong = paths.filter(({ path }) => !exists(root, path.split('.')));
  if (wrong.length === 0) return;
  const known = knownPaths(root);
  const sentences = wrong.map(
    ({ path, place }) => `Unknown config path "${path}" in ${place}; did you mean "${closest(path, known)}"?`,
  );
  throw new TersorError('CONFIG_INVALID', sentences.join('\n'), {
    hint: '`tersor schema compress` prints every known path.',
  });
}

function exists(root: JsonSchema, path: readonly string[]): boolean {
  let nodes = [root];
  for (const key of path) {
    nodes = nodes.flatMap(alternatives);
    const children = nodes.flatMap((node) => childOf(node, key));
    // A key that no alternative declares may still be an option of a plugin.
    if (children.length === 0)
      return nodes.some(
        ({ type, additionalProperties }) => type === 'object' && typeof additionalProperties === 'object',
      );
    nodes = children;
  }
  return true;
}

function childOf({ properties, items, prefixItems }: JsonSchema, key: string): JsonSchema[] {
  const child = properties?.[key];
  if (child) return [child];
  if (!/^\d+$/.test(key)) return [];
  const item = prefixItems?.[Number(key)] ?? (typeof items === 'object' ? items : undefined);
  return item ? [item] : [];
}

function knownPaths(root: JsonSchema, prefix = ''): string[] {
  const own = alternatives(root).flatMap(({ properties = {} }) => Object.entries(properties));
  return [
    ...new Set(own.flatMap(([key, child]) => [`${prefix}${key}`, ...knownPaths(child, `${prefix}${key}.`)])),
  ];
}

function alternatives(node: JsonSchema): JsonSchema[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return inner.length > 0 ? inner.flatMap(alternatives) : [node];
}
