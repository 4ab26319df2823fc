import { isRecord } from '@tersor/core';

/** A node of a GraphModel, as in `model.json`. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output`, or `^node` for a node that must only run before this one. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The source of an input: a node, and the index of its output. */
export function sourceOf(input: string): { readonly name: string; readonly output: number } {
  const [name = '', output] = input.split(':');
  return { name, output: Number(output ?? 0) };
}

/** The nodes of a topology; invalid entries are left out. */
export function nodesOf(topology: Readonly<Record<string, unknown>>): GraphNode[] {
  const { node } = topology;
  return (Array.isArray(node) ? (node as unknown[]) : []).flatMap((value) => {
    if (!isRecord(value) || typeof value['name'] !== 'string' || typeof value['op'] !== 'string') return [];
    const inputs = (Array.isArray(value['input']) ? value['input'] : []).map(String);
    const attributes = isRecord(value['attr']) ? value['attr'] : {};
    // Nodes that must only run before give no value.
    return [
      {
        name: value['name'],
        op: value['op'],
        inputs: inputs.filter((each) => !each.startsWith('^')),
        attributes,
      },
    ];
  });
}

/** A string attribute, stored as base64 or as a list of character codes. */
export function text({ attributes }: GraphNode, key: string): string | undefined {
  return textOf(field(attributes[key], 's'));
}

/** A list of strings. */
export function texts({ attributes }: GraphNode, key: string): string[] {
  return listOf(attributes[key], 's').map((value) => textOf(value) ?? '');
}

/** A list of integers, which the JSON of protocol buffers writes as strings. */
export function integers({ attributes }: GraphNode, key: string): number[] {
  return listOf(attributes[key], 'i').map(Number);
}

/** A number, or `otherwise` if the attribute is missing. */
export function number({ attributes }: GraphNode, key: string, otherwise: number): number {
  const value = field(attributes[key], 'f') ?? field(attributes[key], 'i');
  return value === undefined ? otherwise : Number(value);
}

/** A boolean; false if the attribute is missing. */
export function flag({ attributes }: GraphNode, key: string): boolean {
  return field(attributes[key], 'b') === true;
}

/** A shape attribute: lengths, `undefined` for open ones. `undefined` if the rank is open. */
export function shapeOf({ attributes }: GraphNode, key: string): (number | undefined)[] | undefined {
  return sizesOf(field(attributes[key], 'shape'));
}

/** The lengths of a shape in JSON; `undefined` if the rank is open, or if it is not a shape. */
export function sizesOf(shape: unknown): (number | undefined)[] | undefined {
  if (!isRecord(shape) || shape['unknownRank'] === true || !Array.isArray(shape['dim'])) return undefined;
  return shape['dim'].map((each: unknown) => {
    const size = isRecord(each) ? Number(each['size']) : NaN;
    return size >= 0 ? size : undefined;
  });
}

function field(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function listOf(value: unknown, key: string): unknown[] {
  const list = field(field(value, 'list'), key);
  return Array.isArray(list) ? (list as unknown[]) : [];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'base64').toString('latin1');
  return Array.isArray(value) ? String.fromCharCode(...value.map(Number)) : undefined;
}
