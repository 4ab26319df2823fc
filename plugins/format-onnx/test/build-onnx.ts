import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '@tersor/core';

/** An attribute: whole numbers, one or several, a text, or a float. */
type Attribute = number | readonly number[] | string | { readonly float: number };

/** A node: operator, inputs, outputs, attributes. */
export type Node = readonly [
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, Attribute>>,
];

/** A small ONNX model for a test. */
export interface Model {
  readonly opset?: number;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  /** Floats drawn for a shape, or values: whole numbers where `int64` is stated. */
  readonly constants?: Readonly<
    Record<
      string,
      { readonly shape: readonly number[]; readonly values?: readonly number[]; readonly int64?: true }
    >
  >;
}

/** The message of such a model, to be written or spoiled. */
export async function onnxModel({ opset = 17, inputs, outputs, nodes, constants = {} }: Model) {
  const [{ create }, { ModelProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  const random = createRandom(3, 'constants');
  const end = (name: string, shape: readonly (number | string)[]) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: 1,
          shape: {
            dim: shape.map((size) => ({
              value:
                typeof size === 'number'
                  ? { case: 'dimValue' as const, value: BigInt(size) }
                  : { case: 'dimParam' as const, value: size },
            })),
          },
        },
      },
    },
  });
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'test',
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    graph: {
      name: 'small',
      node: nodes.map(([opType, input, output, attributes = {}], i) => ({
        name: `node${i}`,
        opType,
        input: [...input],
        output: [...output],
        attribute: Object.entries(attributes).map(([name, value]) => {
          if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
          if (typeof value === 'string') return { name, type: 3, s: Uint8Array.from(Buffer.from(value)) };
          if ('float' in value) return { name, type: 1, f: value.float };
          return { name, type: 7, ints: value.map(BigInt) };
        }),
      })),
      initializer: Object.entries(constants).map(([name, { shape, values, int64 }]) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const own = values ?? Array.from({ length: count }, () => random.normal() / 2);
        return int64
          ? { name, dims: shape.map(BigInt), dataType: 7, int64Data: own.map(BigInt) }
          : {
              name,
              dims: shape.map(BigInt),
              dataType: 1,
              rawData: new Uint8Array(Float32Array.from(own).buffer),
            };
      }),
      input: Object.entries(inputs).map(([name, shape]) => end(name, shape)),
      output: outputs.map((name) => end(name, [])),
    },
  });
}

type Message = Awaited<ReturnType<typeof onnxModel>>;

/** The bytes of a model's message. */
export async function onnxBytes(message: Message): Promise<Uint8Array> {
  const [{ toBinary }, { ModelProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  for (const output of message.graph?.output ?? [])
    if (output.type?.value.case === 'tensorType' && output.type.value.value.shape?.dim.length === 0)
      output.type.value.value.shape = undefined;
  return toBinary(ModelProtoSchema, message);
}

/** Writes a model into a folder; gives its path. */
export async function writeModelFile(folder: string, model: Model, name = 'net.onnx'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, await onnxBytes(await onnxModel(model)));
  return path;
}

/** A field of a tensor's external data. */
export async function externalEntry([key, value]: readonly [string, string]) {
  const [{ create }, { StringStringEntryProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  return create(StringStringEntryProtoSchema, { key, value });
}

/** The `value` of a Constant node, float16. */
export async function tensorAttribute(dims: bigint[], rawData: Uint8Array<ArrayBuffer>) {
  const [{ create }, { AttributeProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  return create(AttributeProtoSchema, { name: 'value', type: 4, t: { dims, dataType: 10, rawData } });
}
