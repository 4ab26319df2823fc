/** A node of a GraphModel, as `model.json` holds it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output`, or `^node` for one that has to run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Where an input comes from: a node, and which of its outputs. */
export function sourceOf(input: string): { readonly name: string; readonly output: number } {
  const [name = '', output] = input.split(':');
  return { name, output: Number(output ?? 0) };
}

/** The nodes of a topology; entries that are none are left out. */
export function nodesOf(topology: Readonly<Record<string, unknown>>): GraphNode[] {
  const { node } = topology;
  return (Array.isArray(node) ? (node as unknown[]) : []).flatMap((value) => {
    if (!isRecord(value) || typeof value['name'] !== 'string' || typeof value['op'] !== 'string') return [];
    const inputs = (Array.isArray(value['input']) ? value['input'] : []).map(String);
    const attributes = isRecord(value['attr']) ? value['attr'] : {};
    // What only has to run before gives no value.
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

/** A text attribute, which is base64 or a list of character codes. */
export function text({ attributes }: GraphNode, key: string): string | undefined {
  return textOf(field(attributes[key], 's'));
}

/** Texts of a list. */
export function texts({ attributes }: GraphNode, key: string): string[] {
  return listOf(attributes[key], 's').map((value) => textOf(value) ?? '');
}

/** Whole numbers of a list; JSON of protocol buffers writes them as texts. */
export function integers({ attributes }: GraphNode, key: string): number[] {
  return listOf(attributes[key], 'i').map(Number);
}

/** A number; `otherwise` where the node does not say. */
export function number({ attributes }: GraphNode, key: string, otherwise: number): number {
  const value = field(attributes[key], 'f') ?? field(attributes[key], 'i');
  return value === undefined ? otherwise : Number(value);
}

/** A yes or no. */
export function flag({ attributes }: GraphNode, key: string): boolean {
  return field(attributes[key], 'b') === true;
}

/** Lengths of a shape attribute, `undefined` for open ones; `undefined` where the rank is open. */
export function shapeOf({ attributes }: GraphNode, key: string): (number | undefined)[] | undefined {
  return sizesOf(field(attributes[key], 'shape'));
}

/** Lengths of a shape as JSON has it; `undefined` where the rank is open, or it is no shape. */
export function sizesOf(shape: unknown): (number | undefined)[] | undefined {
  if (!isRecord(shape) || shape['unknownRank'] === true || !Array.isArray(shape['dim'])) return undefined;
  return shape['dim'].map((each: unknown) => {
    const size = isRecord(each) ? Number(each['size']) : NaN;
    return size >= 0 ? size : undefined;
  });
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
