import type { MessageInitShape } from '@bufbuild/protobuf' with { 'resolution-mode': 'import' };
import type {
  AttributeProtoSchema,
  ModelProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf' with { 'resolution-mode': 'import' };
import { TYPES, type Attribute, type Draft, type DraftPort } from './draft.js';

/** Producer name in the file, by which Tersor recognises its own files. */
export const PRODUCER = 'Tersor';

/**
 * Version of the file format for each opset; onnxruntime refuses versions that are newer than it supports.
 */
const IR_VERSIONS: readonly (readonly [opset: number, version: number])[] = [
  [25, 12],
  [21, 10],
  [17, 8],
];

/** The bytes of an ONNX file; `metadata` are texts stored in it. */
export async function modelFile(
  draft: Draft,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  // Both are ES modules.
  const [{ create, toBinary }, { ModelProtoSchema: schema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  return toBinary(schema, create(schema, modelOf(draft, name, metadata)));
}

/** The producer name in a file. */
export async function producerOf(bytes: Uint8Array): Promise<string> {
  const [{ fromBinary }, { ModelProtoSchema: schema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  return fromBinary(schema, bytes).producerName;
}

function modelOf(
  draft: Draft,
  name: string,
  metadata: Readonly<Record<string, string>>,
): MessageInitShape<typeof ModelProtoSchema> {
  return {
    irVersion: BigInt(IR_VERSIONS.find(([opset]) => draft.opset >= opset)![1]),
    producerName: PRODUCER,
    opsetImport: [{ domain: '', version: BigInt(draft.opset) }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: draft.nodes.map((node) => ({
        name: node.name,
        opType: node.operator,
        input: node.inputs,
        output: [node.output],
        attribute: Object.entries(node.attributes).map(([key, value]) => attributeOf(key, value)),
      })),
      initializer: [...draft.tensors.values()].map((tensor) => ({
        name: tensor.name,
        dataType: TYPES[tensor.type].code,
        dims: tensor.shape.map(BigInt),
        rawData: tensor.bytes as Uint8Array<ArrayBuffer>,
      })),
      input: draft.inputs.map(portOf),
      output: draft.outputs.map(portOf),
    },
  };
}

/** Numbers of `AttributeProto.AttributeType`. */
const KINDS = { float: 1, int: 2, text: 3, ints: 7 } as const;

function attributeOf(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if ('int' in value) return { name, type: KINDS.int, i: BigInt(value.int) };
  if ('ints' in value) return { name, type: KINDS.ints, ints: value.ints.map(BigInt) };
  if ('float' in value) return { name, type: KINDS.float, f: value.float };
  return { name, type: KINDS.text, s: Uint8Array.from(Buffer.from(value.text)) };
}

function portOf({ name, shape }: DraftPort): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) =>
    typeof size === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(size) } }
      : { value: { case: 'dimParam' as const, value: size } },
  );
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: TYPES.float32.code, shape: { dim } } } },
  };
}
