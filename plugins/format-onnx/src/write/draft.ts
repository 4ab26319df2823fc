import { halfOf } from './weights/half.js';

/** Element types of ONNX that are written, with their numbers in `TensorProto.DataType` and bits. */
export const TYPES = {
  float32: { code: 1, bits: 32 },
  uint8: { code: 2, bits: 8 },
  int8: { code: 3, bits: 8 },
  int32: { code: 6, bits: 32 },
  int64: { code: 7, bits: 64 },
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

/** A constant tensor, its bytes as the file holds them: little-endian, small integers packed. */
export interface DraftTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** An input or output of the network; a size that is open has a name. */
export interface DraftPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** Opsets from which on a type may be cast. The oldest, which all runtimes of the last years have, is 17. */
const OPSETS: Partial<Record<ElementType, number>> = { uint4: 21, int4: 21, uint2: 25, int2: 25 };

/** An ONNX graph that is being written, and the names that are taken in it. */
export class Draft {
  readonly nodes: DraftNode[] = [];
  readonly tensors = new Map<string, DraftTensor>();
  readonly inputs: DraftPort[] = [];
  readonly outputs: DraftPort[] = [];
  /** The lowest opset that has all that is used. */
  opset = 17;
  /** Constants that calls of one layer share, by what they are called. */
  readonly shared = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly nodeNames = new Set<string>();

  constructor(readonly precision: Precision) {}

  /** The name, with a number where something has it already. */
  unique(name: string): string {
    return freeIn(this.taken, name);
  }

  /** Adds a node of that name and gives the name of its output, which is the same as far as it is free. */
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

  /** A single such constant, which all that want it share. */
  number(value: number): string {
    const name = `constant/${value}`;
    return this.tensors.has(name) ? name : this.values(name, [], Float32Array.of(value));
  }

  /** Constants that are float32 whatever the network computes in. */
  floats(name: string, shape: readonly number[], data: Float32Array): string {
    return this.tensor(name, 'float32', shape, bytesOf(data));
  }

  /** Whole numbers as operators take them: shapes, axes, pads. */
  integers(name: string, data: readonly number[]): string {
    return this.tensor(name, 'int64', [data.length], bytesOf(BigInt64Array.from(data, BigInt)));
  }

  /** A constant of any type, whose bytes are ready. */
  tensor(name: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const free = this.unique(name);
    this.tensors.set(free, { name: free, type, shape, bytes });
    this.opset = Math.max(this.opset, OPSETS[type] ?? 0);
    return free;
  }

  /** Another element type. */
  cast(input: string, name: string, type: ElementType): string {
    return this.node('Cast', name, [input], { to: { int: TYPES[type].code } });
  }

  /** Gives what a node makes another name, in all that read it. */
  rename(from: string, to: string): void {
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
