import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelProto, TensorProto, ValueInfoProto } from 'onnx-buf' with { 'resolution-mode': 'import' };
import { isTersorError, type LayerGraph } from '@tersor/core';
import { run } from '../../../packages/network/test/masked-run.js';
import { createOnnxFormat } from '../src/index.js';
import { constantOf } from '../src/read/file/tensor-data.js';
import type { Constant } from '../src/read/file/onnx-model.js';
import type { OnnxMetadata } from '../src/read/lower.js';

/** Where Debian's package libonnx-testdata puts the test cases of the ONNX standard. */
export const TESTDATA = '/usr/share/libonnx-testdata/data';

/** The parts of it that hold models of operators. */
const PARTS = ['node', 'simple', 'pytorch-operator', 'pytorch-converted'];

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  /** Operators of the model. */
  readonly operators: readonly string[];
  /** `constants`: passed with its inputs after the first as constants, as exporters write weights. */
  readonly outcome: 'passed' | 'constants' | 'refused' | 'wrong';
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
    const held = new Set(model.graph!.initializer.map((tensor) => tensor.name));
    const own = model.graph!.input.filter((input) => !held.has(input.name));
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
    try {
      await attempt(model, inputs, outputs);
      return { name, operators, outcome: 'passed' };
    } catch (error) {
      const areTensors = own.every(({ type }) => type?.value.case === 'tensorType');
      if (!isRefusal(error) || inputs.length < 2 || !areTensors) throw error;
      const weights = inputs.slice(1).map((tensor, i) => ({ ...tensor, name: own[i + 1]!.name }));
      model.graph!.initializer.push(...weights);
      model.graph!.input = model.graph!.input.filter(
        (input) => !weights.some((each) => each.name === input.name),
      );
      await attempt(model, inputs.slice(0, 1), outputs);
      return { name, operators, outcome: 'constants' };
    }
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(`${path}: `, '');
    return { name, operators, outcome: isRefusal(error) ? 'refused' : 'wrong', reason };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Some records of bfloat16 call it uint16. Throws where one does not have the shape that the model declares. */
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

/** Throws where an output differs by more than one thousandth of a value, or 1e-5. */
async function compare(
  graph: LayerGraph,
  inputs: readonly Constant[],
  outputs: readonly Constant[],
): Promise<void> {
  const ends = graph.metadata?.userDefinedMetadata?.['onnx'] as OnnxMetadata;
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
