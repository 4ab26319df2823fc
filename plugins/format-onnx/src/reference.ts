import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type * as ort from 'onnxruntime-web';
import { float16Value, TersorError, type FormatReference, type LayerGraph } from '@tersor/core';
import { modelFilesOf } from './read/file/parse-model.js';
import type { OnnxMetadata } from './read/lower.js';
import { halfOf } from './write/weights/half.js';

/** The part of onnxruntime that is used, the same in its packages for Node and the web. */
type Runtime = Pick<typeof ort, 'InferenceSession' | 'Tensor'>;

/**
 * Opens an ONNX file in onnxruntime. `graph` is the network that was read from it. Throws
 * `BACKEND_UNAVAILABLE` if neither onnxruntime-node nor onnxruntime-web is installed.
 */
export async function onnxReference(path: string, graph: LayerGraph): Promise<FormatReference> {
  const { engine, runtime } = await installed();
  const [, ...external] = await modelFilesOf(path);
  const externalData = await Promise.all(
    external.map(async (file) => ({ path: basename(file), data: new Uint8Array(await readFile(file)) })),
  );
  const session: ort.InferenceSession = await runtime.InferenceSession.create(
    new Uint8Array(await readFile(path)),
    { ...(externalData.length > 0 && { externalData }), logSeverityLevel: 3 },
  );
  const types = new Map(
    session.inputMetadata.flatMap((input) => (input.isTensor ? [[input.name, input.type] as const] : [])),
  );
  const { inputs: ins, outputs: outs } = graph.metadata?.userDefinedMetadata?.['onnx'] as OnnxMetadata;
  return {
    engine,
    run: async (inputs) => {
      const feeds = ins.map(({ name, order }, i) => {
        const shape = graph.calls[graph.inputs[i]!]!.outputShape as number[];
        const batch = inputs[i]!.length / shape.reduce((product, size) => product * size, 1);
        const inverse = order.map((_axis, axis) => order.indexOf(axis));
        const lies = [batch, ...shape];
        const dims = inverse.map((axis) => lies[axis]!);
        const values = transposed(inputs[i]!, lies, inverse);
        return [name, given(runtime, types.get(name), values, dims)] as const;
      });
      const results = await session.run(Object.fromEntries(feeds));
      return outs.map(({ name, order }) => {
        const { dims } = results[name]!;
        return transposed(floats(results[name]!), dims, order);
      });
    },
    dispose: () => session.release(),
  };
}

/** Values in the type of the file's input. */
function given(
  { Tensor }: Runtime,
  type: ort.Tensor.Type | undefined,
  values: Float32Array,
  dims: readonly number[],
): ort.Tensor {
  if (type === 'float16') return new Tensor(type, halfOf(values), dims);
  if (type === 'float64') return new Tensor(type, Float64Array.from(values), dims);
  return new Tensor('float32', values, dims);
}

/** Older versions of Node have no array of half floats, but one of their bits. */
function floats({ type, data }: ort.Tensor): Float32Array {
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, float16Value);
  return Float32Array.from(data as Float32Array);
}

async function installed(): Promise<{ engine: string; runtime: Runtime }> {
  for (const engine of ['onnxruntime-node', 'onnxruntime-web']) {
    try {
      const runtime = (await import(engine)) as Runtime & { default?: Runtime };
      return { engine, runtime: runtime.InferenceSession ? runtime : runtime.default! };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw new TersorError('BACKEND_UNAVAILABLE', 'onnxruntime is not installed.', {
    hint: 'npm install onnxruntime-node, or onnxruntime-web, which needs no build.',
  });
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

/** Transposes values: axis `i` of the result is axis `order[i]`. */
function transposed(data: Float32Array, dims: readonly number[], order: readonly number[]): Float32Array {
  // A result with fewer axes than the network's is a single row.
  if (order.length !== dims.length || order.every((axis, i) => axis === i)) return data;
  const strides = dims.map((_dim, axis) => dims.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const result = new Float32Array(data.length);
  const at = new Array<number>(dims.length).fill(0);
  let place = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[place]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const from = order[axis]!;
      place += strides[from]!;
      if (++at[axis]! < dims[from]!) break;
      place -= at[axis]! * strides[from]!;
      at[axis] = 0;
    }
  }
  return result;
}
