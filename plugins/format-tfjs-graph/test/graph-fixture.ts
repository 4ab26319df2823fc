import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { disposeModel, modelFromGraph } from '@tersor/network';

type Attributes = Record<string, unknown>;

/** A GraphModel in the words of `model.json`, put together node by node. */
export class GraphFixture {
  readonly nodes: { name: string; op: string; input: string[]; attr: Attributes }[] = [];
  readonly weights: { name: string; shape: number[]; dtype: string; values: number[] }[] = [];
  private readonly random = createRandom(3, 'graph');

  node(name: string, op: string, input: string[], attr: Attributes = {}): string {
    this.nodes.push({ name, op, input, attr: { T: { type: 'DT_FLOAT' }, ...attr } });
    return name;
  }

  input(shape: readonly number[], name = 'image'): string {
    const dim = [-1, ...shape].map((size) => ({ size: String(size) }));
    return this.node(name, 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } });
  }

  /** A constant of random values, or of those given. */
  constant(name: string, shape: number[], values?: readonly number[], dtype = 'float32'): string {
    const length = shape.reduce((product, size) => product * size, 1);
    const own = values ?? Array.from({ length }, () => this.random.normal() / 2);
    this.weights.push({ name, shape, dtype, values: [...own] });
    return this.node(name, 'Const', [], { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } });
  }

  integers(name: string, values: readonly number[]): string {
    return this.constant(name, [values.length], values, 'int32');
  }

  scalar(name: string, value: number, dtype = 'int32'): string {
    return this.constant(name, [], [value], dtype);
  }

  /** Writes `model.json` and its weight file; kernels are stored as uint8 or float16 on request. */
  async write(folder: string, stored?: 'uint8' | 'float16'): Promise<string> {
    await mkdir(folder, { recursive: true });
    const packed = this.weights.map(({ name, shape, dtype, values }) => {
      const entry = { name, shape, dtype };
      if (dtype === 'int32') return { entry, bytes: Buffer.from(Int32Array.from(values).buffer) };
      if (stored === undefined || values.length < 8)
        return { entry, bytes: Buffer.from(Float32Array.from(values).buffer) };
      if (stored === 'float16') {
        const halves = Uint16Array.from(values, half);
        return { entry: { ...entry, quantization: { dtype: stored } }, bytes: Buffer.from(halves.buffer) };
      }
      const min = Math.min(...values);
      const scale = (Math.max(...values) - min) / 255;
      const codes = Uint8Array.from(values, (value) => Math.round((value - min) / scale));
      return { entry: { ...entry, quantization: { dtype: stored, min, scale } }, bytes: Buffer.from(codes) };
    });
    const json = {
      format: 'graph-model',
      modelTopology: { node: this.nodes, versions: { producer: 1 } },
      weightsManifest: [{ paths: ['weights.bin'], weights: packed.map(({ entry }) => entry) }],
    };
    const path = join(folder, 'model.json');
    await writeFile(path, JSON.stringify(json));
    await writeFile(join(folder, 'weights.bin'), Buffer.concat(packed.map(({ bytes }) => bytes)));
    return path;
  }
}

/** Attributes as JSON of protocol buffers has them. */
export const attribute = {
  text: (value: string) => ({ s: Buffer.from(value).toString('base64') }),
  texts: (...values: string[]) => ({
    list: { s: values.map((value) => Buffer.from(value).toString('base64')) },
  }),
  integers: (...values: number[]) => ({ list: { i: values.map(String) } }),
  integer: (value: number) => ({ i: String(value) }),
  number: (value: number) => ({ f: value }),
  flag: (value: boolean) => ({ b: value }),
};

/** A number in 16 bits, of those without loss of the exponent. */
function half(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const exponent = ((bits >> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return (bits >> 16) & 0x8000;
  return ((bits >> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 0x3ff);
}

/** What TensorFlow.js's own reader of GraphModels gives, output by output. */
export async function graphModelOutputs(
  path: string,
  image: tf.Tensor,
  names: string[],
): Promise<number[][]> {
  const model = await loadGraphModel(tf.io.fromMemory(await artifacts(path)));
  const outputs = [model.execute(image, names)].flat();
  const found = outputs.map((output) => [...output.dataSync()]);
  tf.dispose(outputs);
  model.dispose();
  return found;
}

async function artifacts(path: string): Promise<tf.io.ModelArtifacts> {
  const { readFile } = await import('node:fs/promises');
  const json = JSON.parse(await readFile(path, 'utf8')) as {
    modelTopology: object;
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const bytes = await readFile(join(path, '../weights.bin'));
  return {
    format: 'graph-model',
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
    weightData: new Uint8Array(bytes).buffer,
  };
}

/** What the layers give. */
export async function layerOutputs(graph: LayerGraph, image: tf.Tensor): Promise<number[][]> {
  const model = await modelFromGraph(graph);
  const outputs = [model.predict(image)].flat();
  const found = outputs.map((output) => [...output.dataSync()]);
  tf.dispose(outputs);
  disposeModel(model);
  return found;
}
