import { halfOf } from './weights/half.js';

/** The ONNX element types that are written, with their numbers in `TensorProto.DataType` and their bits. */
export const TYPES = {
  float32: { code: 1, bits: 32 },
  uint8: { code: 2, bits: 8 },
  int8: { code: 3, bits: 8 },
  int32: { code: 6, bits: 32 },
  int64: { code: 7, bits: 64 },
  bool: { code: 9, bits: 8 },
  float16: { code: 10, bits: 16 },
  uint4: { code: 21, bits: 4 },
  int4: { code: 22, bits: 4 },
  uint2: { code: 25, bits: 2 },
  int2: { code: 26, bits: 2 },
} as const;

/** An element type of ONNX. */
export type ElementType = keyof typeof TYPES;

/** The types that networks compute in. */
export type Precision = 'float32' | 'float16';

/** A value of a node's attribute. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** An operation. */
export interface DraftNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: string[];
  output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant tensor, with its bytes as in the file: little-endian, small integers packed. */
export interface DraftTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** An input or output of the network; open sizes have names. */
export interface DraftPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** First opset in which a type can be cast; 17, which all recent runtimes have, for types not listed. */
const OPSETS: Partial<Record<ElementType, number>> = { uint4: 21, int4: 21, uint2: 25, int2: 25 };

/** An ONNX graph that is being written, with the names used in it. */
export class Draft {
  readonly nodes: DraftNode[] = [];
  readonly tensors = new Map<string, DraftTensor>();
  readonly inputs: DraftPort[] = [];
  readonly outputs: DraftPort[] = [];
  /** The lowest opset that has everything that is used. */
  opset = 17;
  /** Length of the first axis of inputs and outputs; `N` is any number of images. */
  batch: 'N' | 1 = 'N';
  /** Constants that calls of one layer share, by name. */
  readonly shared = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly nodeNames = new Set<string>();
  private readonly renamed = new Map<string, string>();

  constructor(readonly precision: Precision) {}

  /** The name, with a number appended if it is taken. */
  unique(name: string): string {
    return freeIn(this.taken, name);
  }

  /** Adds a node, and returns the name of its output, which is that of the node unless it is taken. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = this.unique(name);
    this.nodes.push({
      name: freeIn(this.nodeNames, name),
      operator,
      inputs: [...inputs],
      output,
      attributes,
    });
    return output;
  }

  /** Constants of the network, in the type that it computes in. */
  values(name: string, shape: readonly number[], data: Float32Array): string {
    return this.precision === 'float16'
      ? this.tensor(name, 'float16', shape, bytesOf(halfOf(data)))
      : this.floats(name, shape, data);
  }

  /** A scalar constant in that type, shared by all its users. */
  number(value: number): string {
    const name = `constant/${value}`;
    return this.tensors.has(name) ? name : this.values(name, [], Float32Array.of(value));
  }

  /** Constants that are float32 whatever the network computes in. */
  floats(name: string, shape: readonly number[], data: Float32Array): string {
    return this.tensor(name, 'float32', shape, bytesOf(data));
  }

  /** Integers as inputs of operators: shapes, axes, pads. */
  integers(name: string, data: readonly number[]): string {
    return this.tensor(name, 'int64', [data.length], bytesOf(BigInt64Array.from(data, BigInt)));
  }

  /** A constant of any type, given by its bytes. */
  tensor(name: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const free = this.unique(name);
    this.tensors.set(free, { name: free, type, shape, bytes });
    this.opset = Math.max(this.opset, OPSETS[type] ?? 0);
    return free;
  }

  /** Converts a tensor to another element type. */
  cast(input: string, name: string, type: ElementType): string {
    return this.node('Cast', name, [input], { to: { int: TYPES[type].code } });
  }

  /** The name that a tensor has now. */
  nameOf(name: string): string {
    return this.renamed.get(name) ?? name;
  }

  /** Renames the output of a node, also in its readers. */
  rename(from: string, to: string): void {
    this.renamed.set(from, to);
    for (const node of this.nodes) {
      if (node.output === from) node.output = to;
      node.inputs.forEach((input, i) => input === from && (node.inputs[i] = to));
    }
  }
}

function freeIn(taken: Set<string>, name: string): string {
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  taken.add(free);
  return free;
}

/** The bytes of an array, without a copy. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
