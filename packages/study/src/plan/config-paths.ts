import { jsonSchemaOf, schemaAlternatives, schemaChildren, TersorError, type JsonSchema } from '@tersor/core';
import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';

/**
 * Checks that config paths such as `prune.agent.use` exist in a config's schema. A plugin's own options are
 * not checked here: the plugin does so when it is created. Throws `CONFIG_INVALID` that names the place and
 * suggests the nearest known path.
 */
export function requireKnownPaths(
  paths: readonly { readonly path: string; readonly place: string }[],
  schema: z.ZodType,
): void {
  const root = jsonSchemaOf(schema)!;
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
    const children = schemaChildren(nodes, key);
    // An undeclared key may still be an option of a plugin.
    if (children.length === 0)
      return nodes
        .flatMap(schemaAlternatives)
        .some(
          ({ type, additionalProperties }) => type === 'object' && typeof additionalProperties === 'object',
        );
    nodes = children;
  }
  return true;
}

function knownPaths(root: JsonSchema, prefix = ''): string[] {
  const own = schemaAlternatives(root).flatMap(({ properties = {} }) => Object.entries(properties));
  return [
    ...new Set(own.flatMap(([key, child]) => [`${prefix}${key}`, ...knownPaths(child, `${prefix}${key}.`)])),
  ];
}
