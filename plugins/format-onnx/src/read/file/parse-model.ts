import { readFile, stat } from 'node:fs/promises';
import type {
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
} from 'onnx-buf' with { 'resolution-mode': 'import' };
import { isTersorError, messageOf, TersorError } from '@tersor/core';
import { damaged } from './damage.js';
import { externalBytes, externalFile, isExternal } from './external-data.js';
import type { OnnxInput, OnnxModel, OnnxNode } from './onnx-model.js';
import { constantOf } from './tensor-data.js';

/** Most bytes that protobuf allows and that Node can read at once. */
const MAX_BYTES = 2 ** 31 - 1;
const MAX_NODES = 1 << 16;

/** FLOAT, FLOAT16, DOUBLE, BFLOAT16, by their numbers in the schema. */
const FLOATS: readonly number[] = [1, 10, 11, 16];

/** Reads an ONNX file and the files of its external data. Throws `MODEL_INVALID`. */
export async function parseModel(path: string): Promise<OnnxModel> {
  const proto = await decoded(path);
  const { graph } = proto;
  if (!graph) throw damaged('it has no graph.');
  if (graph.node.length > MAX_NODES)
    throw damaged(`it has ${graph.node.length} nodes; the limit is ${MAX_NODES}.`);
  if (graph.sparseInitializer.length > 0)
    throw new TersorError('MODEL_UNSUPPORTED', 'It has sparse initializers, which are not read.', {
      hint: 'Write its weights as dense tensors.',
    });
  const initializers = await constantsOf(path, graph.initializer);
  const nodes = graph.node.map(nodeOf);
  const inputs = graph.input.map(inputOf).filter(({ name }) => !initializers.has(name));
  requireDistinct([...inputs.map(({ name }) => name), ...initializers.keys()], nodes);
  const outputs = graph.output.map(({ name }) => name);
  if (outputs.length === 0) throw damaged('its graph has no outputs.');
  return { name: graph.name || 'model', opset: opsetOf(proto), nodes, initializers, inputs, outputs };
}

/** The files of a model: the ONNX file and its external data. Throws `MODEL_INVALID`. */
export async function modelFilesOf(path: string): Promise<string[]> {
  const { graph } = await decoded(path);
  const external = (graph?.initializer ?? []).filter(isExternal);
  return [path, ...new Set(await Promise.all(external.map((tensor) => externalFile(path, tensor))))];
}

/** The message that a file holds. Throws `MODEL_INVALID`. */
async function decoded(path: string): Promise<ModelProto> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw damaged(`it has ${size} bytes; protobuf allows ${MAX_BYTES}.`);
  const bytes = await readFile(path);
  // An ES module, which Node 20 can only load in this way from CommonJS.
  const [{ fromBinary }, { ModelProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    if (isText(bytes))
      throw new TersorError('MODEL_INVALID', 'It is text, not an ONNX file.', {
        cause,
        hint: 'It may be a Git LFS pointer (then run git lfs pull), or the web page of a failed download.',
      });
    throw damaged(`${messageOf(cause)}.`, cause);
  }
}

/** Whether a file begins like text. */
function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 64).every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
}

async function constantsOf(
  path: string,
  tensors: readonly TensorProto[],
): Promise<OnnxModel['initializers']> {
  const constants = new Map<string, ReturnType<typeof constantOf>>();
  for (const tensor of tensors) {
    if (constants.has(tensor.name)) throw damaged(`it has two initializers called "${tensor.name}".`);
    constants.set(
      tensor.name,
      constantOf(tensor, isExternal(tensor) ? await externalBytes(path, tensor) : undefined),
    );
  }
  return constants;
}

function nodeOf(node: NodeProto): OnnxNode {
  const outputs = node.output;
  const own = outputs.find((name) => name !== '');
  if (own === undefined) throw damaged(`the node "${node.name}" (${node.opType}) has no output.`);
  return {
    name: node.name || own,
    type: node.opType,
    domain: node.domain === 'ai.onnx' ? '' : node.domain,
    inputs: node.input,
    outputs,
    attributes: new Map(node.attribute.map((attribute) => [attribute.name, attribute])),
  };
}

function inputOf({ name, type }: GraphProto['input'][number]): OnnxInput {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  if (!tensor?.shape)
    throw new TersorError('MODEL_UNSUPPORTED', `Its input "${name}" is not a tensor of known rank.`, {
      hint: 'Export the network with an example image as its input.',
    });
  const dims = tensor.shape.dim.map(({ value }) => {
    if (value.case !== 'dimValue') return undefined;
    const size = Number(value.value);
    // Some exporters write 0 or -1 for an open size.
    return size > 0 ? size : undefined;
  });
  return { name, isFloat: FLOATS.includes(tensor.elemType), dims };
}

function opsetOf({ opsetImport }: ModelProto): number {
  const own = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  // A file with only functions of other domains has no opset.
  return own ? Number(own.version) : 1;
}

/** Checks that every tensor is computed once, and before it is read. */
function requireDistinct(given: readonly string[], nodes: readonly OnnxNode[]): void {
  const made = new Set(given);
  if (made.size < given.length) throw damaged('two of its inputs have one name.');
  for (const { name, inputs, outputs } of nodes) {
    const missing = inputs.find((input) => input !== '' && !made.has(input));
    if (missing !== undefined)
      throw damaged(`the node "${name}" reads "${missing}", which nothing before it makes.`);
    for (const output of outputs) {
      if (output === '') continue;
      if (made.has(output)) throw damaged(`the tensor "${output}" is made twice.`);
      made.add(output);
    }
  }
}

/** Adds the path of the file to the message of an error. */
export function naming(path: string, error: unknown): unknown {
  if (!isTersorError(error) || error.message.startsWith(path)) return error;
  return Object.assign(error, { message: `${path}: ${error.message}` });
}
