import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelProto, TensorProto, ValueInfoProto } from 'onnx-buf' with { 'resolution-mode': 'import' };
import { isTersorError, type LayerGraph } from '@tersor/core';
import { run } from '../../../packages/network/test/masked-run.js';
import { createOnnxFormat } from '../src/index.js';
import { constantOf } from '../src/read/file/tensor-data.js';
import type { Constant } from '../src/read/file/onnx-model.js';
import type { OnnxMetadata } from '../src/read/lower.js';
import { foldedOperators } from '../src/read/read-nodes.js';

/** Where Debian's package libonnx-testdata puts the test cases of the ONNX standard. */
export const TESTDATA = '/usr/share/libonnx-testdata/data';

/** The parts of it that hold models of operators. */
const PARTS = ['node', 'simple', 'pytorch-operator', 'pytorch-converted'];

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  /** Operators of the model. */
  readonly operators: readonly string[];
  /**
   * `constants`: passed with its inputs after the first as constants, as exporters write weights. `folded`:
   * with all of them as constants, which are worked out as the file is read.
   */
  readonly outcome: 'passed' | 'constants' | 'folded' | 'refused' | 'wrong';
  /** Why it is refused, or what is wrong. */
  readonly reason?: string;
}

/** Paths of all cases; none where the package is not installed. */
export async function testCases(): Promise<string[]> {
  if (!existsSync(TESTDATA)) return [];
  const folders = await Promise.all(
    PARTS.map(async (part) => (await readdir(join(TESTDATA, part))).sort().map((name) => join(part, name))),
  );
  return folders.flat().filter((name) => existsSync(join(TESTDATA, name, 'test_data_set_0')));
}

/** Reads the model of a case, computes it in TensorFlow.js, and compares with the recorded outputs. */
export async function runCase(name: string): Promise<CaseResult> {
  const folder = join(TESTDATA, name);
  const [{ fromBinary, toBinary }, { ModelProtoSchema, TensorProtoSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('onnx-buf'),
  ]);
  const model = fromBinary(ModelProtoSchema, await readFile(join(folder, 'model.onnx')));
  const operators = [...new Set(model.graph!.node.map(({ opType }) => opType))].sort();
  const recorded = async (kind: string, count: number) => {
    const files = Array.from({ length: count }, (_, i) => join(folder, 'test_data_set_0', `${kind}_${i}.pb`));
    return Promise.all(files.map(async (file) => fromBinary(TensorProtoSchema, await readFile(file))));
  };
  const place = await mkdtemp(join(tmpdir(), 'tersor-case-'));
  const path = join(place, 'model.onnx');
  const attempt = async (
    variant: ModelProto,
    inputs: readonly TensorProto[],
    outputs: readonly TensorProto[],
  ) => {
    await writeFile(path, toBinary(ModelProtoSchema, variant));
    const graph = await createOnnxFormat().read(path);
    await compare(
      graph,
      inputs.map((tensor) => constantOf(tensor)),
      outputs.map((tensor) => constantOf(tensor)),
    );
  };
  try {
    const initial = new Set(model.graph!.initializer.map((tensor) => tensor.name));
    const own = model.graph!.input.filter((input) => !initial.has(input.name));
    let inputs: TensorProto[];
    let outputs: TensorProto[];
    try {
      [inputs, outputs] = [
        asDeclared(own, await recorded('input', own.length)),
        asDeclared(model.graph!.output, await recorded('output', model.graph!.output.length)),
      ];
    } catch {
      // Sequences and optional values are recorded in another way; some tensors in another shape.
      return {
        name,
        operators,
        outcome: 'refused',
        reason: 'its records are no tensors of the declared shapes',
      };
    }
    const held = (count: number) => {
      const weights = inputs.slice(count).map((tensor, i) => ({ ...tensor, name: own[i + count]!.name }));
      const input = model.graph!.input.filter(({ name: each }) => !weights.some((own) => own.name === each));
      const initializer = [...model.graph!.initializer, ...weights];
      return { ...model, graph: { ...model.graph!, input, initializer } };
    };
    try {
      await attempt(model, inputs, outputs);
      return { name, operators, outcome: 'passed' };
    } catch (error) {
      const areTensors = own.every(({ type }) => type?.value.case === 'tensorType');
      if (!isRefusal(error) || !areTensors) throw error;
      // What is said of the form that exporters write counts, if that is refused too.
      let refusal: unknown = error;
      if (inputs.length > 1) {
        try {
          await attempt(held(1), inputs.slice(0, 1), outputs);
          return { name, operators, outcome: 'constants' };
        } catch (other) {
          if (!isRefusal(other)) throw other;
          if (!String(error).includes(`"${own[0]!.name}" has values`)) refusal = other;
        }
      }
      if (!operators.every((operator) => FOLDED.has(operator))) throw refusal;
      try {
        await attempt(...(await probed(held(0), outputs)));
        return { name, operators, outcome: 'folded' };
      } catch (other) {
        throw isRefusal(other) ? refusal : other;
      }
    }
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(`${path}: `, '');
    return { name, operators, outcome: isRefusal(error) ? 'refused' : 'wrong', reason };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

const FOLDED = new Set(foldedOperators());

/**
 * The model whose outputs are constants with an input of zeros beside each, which is added to it, so that
 * something is left to be computed.
 */
async function probed(
  model: ModelProto,
  outputs: readonly TensorProto[],
): Promise<[ModelProto, TensorProto[], TensorProto[]]> {
  const [{ create }, { AttributeProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema }] =
    await Promise.all([import('@bufbuild/protobuf'), import('onnx-buf')]);
  const tensor = (name: string, values: Iterable<number>) => {
    const floatData = [...values];
    return create(TensorProtoSchema, { name, dataType: 1, dims: [1n, BigInt(floatData.length)], floatData });
  };
  const values = outputs.map((output) => constantOf(output).data);
  const graph = model.graph!;
  const nodes = graph.output.flatMap(({ name }, i) => {
    const to = create(AttributeProtoSchema, { name: 'to', type: 2, i: 1n });
    const node = (opType: string, input: string[], output: string, attribute = [] as (typeof to)[]) =>
      create(NodeProtoSchema, { opType, name: output, input, output: [output], attribute });
    return [
      node('Cast', [name], `float${i}`, [to]),
      node('Reshape', [`float${i}`, 'row'], `row${i}`),
      node('Add', [`zeros${i}`, `row${i}`], `sum${i}`),
    ];
  });
  const end = (name: string, length: number) =>
    create(ValueInfoProtoSchema, {
      name,
      type: {
        value: {
          case: 'tensorType',
          value: {
            elemType: 1,
            shape: {
              dim: [1n, BigInt(length)].map((size) => ({
                value: { case: 'dimValue' as const, value: size },
              })),
            },
          },
        },
      },
    });
  const row = create(TensorProtoSchema, { name: 'row', dataType: 7, dims: [2n], int64Data: [1n, -1n] });
  const whole = {
    ...graph,
    node: [...graph.node, ...nodes],
    initializer: [...graph.initializer, row],
    input: values.map((each, i) => end(`zeros${i}`, each.length)),
    output: values.map((each, i) => end(`sum${i}`, each.length)),
  };
  return [
    { ...model, graph: whole },
    values.map((each, i) =>
      tensor(
        `zeros${i}`,
        each.map(() => 0),
      ),
    ),
    values.map((each, i) => tensor(`sum${i}`, each)),
  ];
}

/** Why a case is refused, in the words of the table. */
export function causeOf({ reason = '' }: CaseResult): string {
  const own = reason.split('\n').filter((line) => line.startsWith('  '));
  const [first = reason] = own;
  const found = CAUSES.find(([, pattern]) =>
    own.concat(reason.split('\n')[0]!).some((line) => pattern.test(line)),
  );
  return found?.[0] ?? first.replace(/^ *\w+ "[^"]*":? /, '').replace(/"[^"]*" ?/g, '');
}

/** What is read of an operator wherever it is listed: floats, the batch first, images and sequences. */
const CAUSES: readonly (readonly [string, RegExp])[] = [
  ['an operator that is not listed', /an operator that is not known/],
  [
    'values that are no floats',
    /no floats|the type (8|16)\b|no tensors of the declared shapes|not a tensor of/,
  ],
  ['over the batch', /\bbatch\b/],
  ['volumes', /works on [56] axes|settings for 3 axes|has the pads \[0, 0, 0, 0, 0, 0\]/],
  ['a result of the network beside another', /which the network computes/],
  ['further outputs', /too, which is not read/],
  ['constants alone', /on constants alone|is a constant\.|is one number/],
  ['axes of length 0', /open: \[\?\]|positions \d+ to \d+ of|makes \[.*\b0\] of/],
];

/** Some records of bfloat16 call it uint16. Throws where one is not of the shape that the model declares. */
function asDeclared(ends: readonly ValueInfoProto[], tensors: readonly TensorProto[]): TensorProto[] {
  return tensors.map((tensor, i) => {
    const { value } = ends[i]!.type!;
    if (value.case !== 'tensorType') return tensor;
    const { elemType: dataType, shape } = value.value;
    if (shape!.dim.length !== tensor.dims.length) throw new Error('of another shape');
    return { ...tensor, dataType };
  });
}

function isRefusal(error: unknown): boolean {
  return isTersorError(error) && error.code === 'MODEL_UNSUPPORTED';
}

/** Values of an input from which on the plain loops of the cpu backend take seconds. */
const LARGE = 2 ** 16;

/** Throws where an output differs by more than one thousandth of a value, or 1e-5. */
async function compare(
  graph: LayerGraph,
  inputs: readonly Constant[],
  outputs: readonly Constant[],
): Promise<void> {
  const ends = graph.metadata?.userDefinedMetadata?.['onnx'] as OnnxMetadata;
  await tf.setBackend(inputs.some(({ data }) => data.length > LARGE) ? 'wasm' : 'cpu');
  const tensors = inputs.map(({ data, dims }, i) =>
    tf.tidy(() => {
      const lies = tf.transpose(tf.tensor(Float32Array.from(data), [...dims]), [...ends.inputs[i]!.order]);
      // One number for an image has an axis in the network.
      const { outputShape } = graph.calls[graph.inputs[i]!]!;
      return tf.reshape(lies, [dims[0]!, ...(outputShape as number[])]);
    }),
  );
  const found = await run(graph, tensors);
  tf.dispose(tensors);
  outputs.forEach(({ data, dims }, i) => {
    const { order } = ends.outputs[i]!;
    if (order.length !== dims.length)
      throw new Error(`output ${i} has ${order.length} axes, not ${dims.length}`);
    const lies = order.map((axis) => dims[axis]!);
    const own = tf.tidy(() => {
      const result = tf.tensor(found[i]!, lies);
      return tf
        .transpose(
          result,
          order.map((_axis, axis) => order.indexOf(axis)),
        )
        .dataSync();
    });
    data.forEach((value, j) => {
      const isSame = Object.is(own[j], value) || Math.abs(own[j]! - value) <= 1e-5 + 1e-3 * Math.abs(value);
      if (!isSame) throw new Error(`output ${i} has ${own[j]} at ${j}, not ${value}`);
    });
  });
}
