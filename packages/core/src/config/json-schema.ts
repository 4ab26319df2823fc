import { z } from 'zod';

/** The parts of a JSON schema that say which keys there are, and what they are. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/**
 * The JSON schema of a schema's input: by our zod for any zod 4, else by the schema itself where its
 * validator can (standard JSON schema); undefined where neither can.
 */
export function jsonSchemaOf(schema: unknown): JsonSchema | undefined {
  const { '~standard': standard, _zod } = (schema ?? {}) as {
    '~standard'?: { jsonSchema?: { input?: (options: object) => unknown } };
    _zod?: unknown;
  };
  const ways = [
    () =>
      _zod === undefined
        ? undefined
        : z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }),
    () => standard?.jsonSchema?.input?.({ target: 'draft-2020-12' }),
  ];
  for (const way of ways) {
    try {
      const found = way();
      if (found) return found as JsonSchema;
    } catch {
      // Another copy may be too old or too new for ours, or hold what JSON schema has no words for.
    }
  }
  return undefined;
}

/** A node of a JSON schema with all that it may be instead, or must be besides, however deep. */
export function schemaAlternatives(node: JsonSchema): JsonSchema[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return inner.length > 0 ? [node, ...inner.flatMap(schemaAlternatives)] : [node];
}

/** What nodes, in any of their alternatives, say of the value at a key or at an index. */
export function schemaChildren(nodes: readonly JsonSchema[], key: string): JsonSchema[] {
  return nodes.flatMap(schemaAlternatives).flatMap(({ properties, items, prefixItems }) => {
    const child = properties?.[key];
    if (child) return [child];
    if (!/^\d+$/.test(key)) return [];
    const item = prefixItems?.[Number(key)] ?? (typeof items === 'object' ? items : undefined);
    return item ? [item] : [];
  });
}
