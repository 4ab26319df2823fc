import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf, TersorError, type Format, type LayerGraph, type WeightTensor } from '@tersor/core';

const MARK = 'FAKE NETWORK 1\n';

/** The simplest right format: a marked line, then the layer graph as JSON, weights as lists of numbers. */
export function correctFormat(): Format & Required<Pick<Format, 'write' | 'parts' | 'content'>> {
  return {
    id: 'fake',
    files: 'a .fake file',
    recognises: ({ head }) => Buffer.from(head).toString('latin1').startsWith(MARK),
    parts: async (path) => [path],
    content: async (path) => ({ topology: (await readFile(path)).toString('base64') }),
    read: async (path) => {
      try {
        const text = (await readFile(path, 'utf8')).slice(MARK.length);
        return JSON.parse(text, revived) as LayerGraph;
      } catch (cause) {
        throw new TersorError('MODEL_INVALID', `${path} is damaged: ${messageOf(cause)}`, { cause });
      }
    },
    write: async (graph, folder) => {
      const text = JSON.stringify(graph, (_, value: unknown) =>
        ArrayBuffer.isView(value) ? { floats: Array.from(value as Float32Array) } : value,
      );
      await writeFile(join(folder, 'network.fake'), MARK + text);
      return 'network.fake';
    },
  };
}

function revived(_: string, value: unknown): unknown {
  const isFloats = typeof value === 'object' && value !== null && 'floats' in value;
  return isFloats ? Float32Array.from(value.floats as number[]) : value;
}

/** Formats that break one promise each, by the name of the case that must catch them. */
export function brokenFormats(): Record<string, () => Format> {
  const broken = (change: (good: ReturnType<typeof correctFormat>) => Partial<Format>) => () => {
    const good = correctFormat();
    return { ...good, ...change(good) };
  };
  const reading = (change: (graph: LayerGraph) => LayerGraph) =>
    broken((good) => ({ read: async (path) => change(await good.read(path)) }));
  let reads = 0;
  let made = 0;
  return {
    'recognises its own file, and no other': broken(() => ({ recognises: ({ path }) => path.length > 0 })),
    'reads a network that stock TensorFlow.js computes': reading((graph) => ({
      ...graph,
      calls: graph.calls.map((call, i) => (i === graph.outputs[0] ? { ...call, outputShape: [7] } : call)),
    })),
    'reads the same network each time': reading((graph) => ({ ...graph, name: `read ${++reads}` })),
    'names the files that hold the model': broken(() => ({ parts: async () => ['network.fake'] })),
    'distinguishes contents, and nothing else, if it gives them': broken(() => ({
      content: async () => ({ topology: `made ${++made}` }),
    })),
    'refuses half a file with MODEL_INVALID': broken((good) => ({
      read: (path) =>
        good.read(path).catch(() => ({ name: 'none', layers: [], calls: [], inputs: [], outputs: [] })),
    })),
    'reads what it writes as the same network, to the bit': broken((good) => ({
      write: (graph, folder) => good.write({ ...graph, name: `${graph.name}, written` }, folder),
    })),
    'gives the codes behind its weights, if it has them': broken((good) => ({
      codes: async (path) => {
        const { layers } = await good.read(path);
        const layer = layers.find(({ weights }) => weights.length > 0)!;
        const [{ name, shape, data }] = layer.weights as [WeightTensor];
        const codes = new Uint8Array(data.length);
        const tensor = {
          codec: 'codebook',
          shape,
          bits: 1,
          axis: -1,
          codes,
          codebook: Float32Array.of(7, 8),
        } as const;
        return new Map([[`${layer.name}/${name}`, tensor]]);
      },
    })),
    'writes the values of quantized weights, whether it is given their codes or not': broken((good) => ({
      write: (graph, folder, quantization) =>
        good.write(quantization ? { ...graph, layers: [] } : graph, folder),
    })),
    'leaves no tensors behind': reading((graph) => {
      tf.tensor(1);
      return graph;
    }),
  };
}
