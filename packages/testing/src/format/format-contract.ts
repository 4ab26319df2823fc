import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, isAbsolute, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  decodeTensor,
  elementCount,
  isTersorError,
  type EncodedTensor,
  type Format,
  type LayerGraph,
  type ModelPlace,
  type WeightCodes,
} from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { pruneContext } from '../pruner/pruner-fixture.js';
import { runStockLayers } from '../backend/stock-layers.js';

/** Beginnings of files that belong to other formats, by the name of such a file. */
const FOREIGN: Readonly<Record<string, string>> = {
  'model.json': '{"modelTopology":{"class_name":"Sequential"},"weightsManifest":[]}',
  'photo.png': '\x89PNG\r\n\x1a\n',
  'empty.bin': '',
};

/**
 * The promises of a `Format`, checked on a small file. `make` gives a new one, made the same way each time.
 * @param sample path of a file of the format with a small network; a format that writes makes one itself
 *
 * @example
 * describeContract('my format', formatContract(createFormat, join(__dirname, '../test/small.net')));
 */
export function formatContract(make: () => Format | Promise<Format>, sample?: string): Case[] {
  const within = (check: (format: Format, path: string, folder: string) => Promise<void>) => async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tersor-format-'));
    try {
      const format = await make();
      await check(format, sample ?? (await written(format, join(folder, 'sample'))), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return [
    {
      name: 'recognises its own file, and no other',
      run: within(async (format, path) => {
        const own = format.recognises({ path, head: (await readFile(path)).subarray(0, 1 << 16) });
        requireRule(own === true, { member: 'recognises', expected: `true for ${path}`, found: String(own) });
        for (const [name, text] of Object.entries(FOREIGN)) {
          const foreign: ModelPlace = { path: `/tmp/${name}`, head: Buffer.from(text, 'latin1') };
          const found = format.recognises(foreign);
          requireRule(found === false, {
            member: 'recognises',
            expected: `false for ${name}`,
            found: String(found),
          });
        }
      }),
    },
    {
      name: 'reads a network that stock TensorFlow.js computes',
      run: within(async (format, path) => {
        const graph = await format.read(path);
        const [shape, output] = [graph.inputs, graph.outputs].map(
          ([call]) => graph.calls[call!]!.outputShape,
        );
        const count = (sizes: LayerGraph['calls'][0]['outputShape'] = []) =>
          sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
        const images = Float32Array.from({ length: count(shape) }, (_, i) => Math.sin(i));
        const outputs = await runStockLayers(graph, images);
        const isRight = outputs.length === count(output) && outputs.every(Number.isFinite);
        requireRule(isRight, {
          member: 'read',
          expected: `${count(output)} finite values, as the last call's outputShape says`,
          found: `${outputs.length} values: ${outputs.slice(0, 4).join(', ')}`,
        });
      }),
    },
    {
      name: 'reads the same network each time',
      run: within(async (format, path) => {
        const [first, second] = [await format.read(path), await (await make()).read(path)];
        requireEqual(second, first, 'read');
      }),
    },
    {
      name: 'names the files that hold the model',
      run: within(async (format, path) => {
        for (const part of (await format.parts?.(path)) ?? [path]) {
          const isFile = isAbsolute(part) && (await stat(part).catch(() => undefined))?.isFile();
          requireRule(isFile === true, { member: 'parts', expected: 'absolute paths of files', found: part });
        }
      }),
    },
    {
      name: 'distinguishes contents, and nothing else, if it gives them',
      run: within(async (format, path, folder) => {
        if (!format.content) return;
        const [first, second] = [await format.content(path), await (await make()).content!(path)];
        requireRule(JSON.stringify(first) === JSON.stringify(second), {
          member: 'content',
          expected: `${JSON.stringify(first)} again`,
          found: JSON.stringify(second),
        });
        if (!format.write) return;
        const other = await format.content(await written(format, join(folder, 'other'), 2));
        requireRule(JSON.stringify(other) !== JSON.stringify(first), {
          member: 'content',
          expected: 'another text for other weights',
          found: JSON.stringify(other),
        });
      }),
    },
    {
      name: 'refuses half a file with MODEL_INVALID',
      run: within(async (format, path, folder) => {
        const half = join(folder, `half${extname(path)}`);
        const bytes = await readFile(path);
        await writeFile(half, bytes.subarray(0, bytes.length >> 1));
        const error: unknown = await format.read(half).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        requireRule(isTersorError(error) && error.code === 'MODEL_INVALID', {
          member: 'read',
          expected: 'TersorError MODEL_INVALID',
          found: error === undefined ? 'no exception' : String(error),
        });
      }),
    },
    {
      name: 'reads what it writes as the same network, to the bit',
      run: within(async (format, path, folder) => {
        const graph = await format.read(path);
        await requireKept(format, graph, join(folder, 'again'));
      }),
    },
    {
      name: 'gives the codes behind its weights, if it has them',
      run: within(async (format, path) => {
        if (!format.codes) return;
        const weights = weightsOf(await format.read(path));
        for (const [name, tensor] of await format.codes(path)) {
          const values = decodeTensor(tensor);
          const isSame = weights.get(name)?.every((value, i) => value === values[i]);
          requireRule(isSame === true, {
            member: 'codes',
            expected: `${name}: codes of the values that read gives`,
            found: weights.has(name)
              ? `${values.slice(0, 4).join(', ')}, ...`
              : 'a weight that read does not give',
          });
        }
      }),
    },
    {
      name: 'writes the values of quantized weights, whether it is given their codes or not',
      run: within(async (format, path, folder) => {
        const { graph, codes } = quantized(await format.read(path));
        await requireKept(format, graph, join(folder, 'coded'), codes);
      }),
    },
    {
      name: 'leaves no tensors behind',
      run: within(async (format, path) => {
        const before = tf.memory().numTensors;
        await format.read(path);
        const left = tf.memory().numTensors - before;
        requireRule(left === 0, { member: 'read', expected: 'no tensors left', found: String(left) });
      }),
    },
  ];
}

/**
 * Writes a network and reads it again: it is the same, or computes the same where the format keeps no
 * more.
 */
async function requireKept(
  format: Format,
  graph: LayerGraph,
  folder: string,
  codes?: WeightCodes,
): Promise<void> {
  if (!format.write) return;
  await mkdir(folder);
  const name = await format.write(graph, folder, codes && { codes });
  const expected = format.stored?.(graph) ?? graph;
  const found = await format.read(join(folder, name));
  if (format.keeps !== 'outputs') return requireEqual(found, expected, 'write');
  const sizes = graph.calls[graph.inputs[0]!]!.outputShape as number[];
  const images = Float32Array.from({ length: elementCount(sizes) }, (_, i) => Math.sin(i));
  const [right, other] = [await runStockLayers(expected, images), await runStockLayers(found, images)];
  requireRule(
    right.length === other.length && right.every((value, i) => Math.abs(value - other[i]!) <= 1e-4),
    {
      member: 'write',
      expected: `a network that computes ${right.slice(0, 4).join(', ')}`,
      found: other.slice(0, 4).join(', '),
    },
  );
}

function weightsOf(graph: LayerGraph): Map<string, Float32Array> {
  return new Map(
    graph.layers.flatMap((layer) =>
      layer.weights.map(({ name, data }): [string, Float32Array] => [`${layer.name}/${name}`, data]),
    ),
  );
}

/** The kernels of a network in 4 bits for each output channel, and what they are made of. */
function quantized(graph: LayerGraph): { graph: LayerGraph; codes: WeightCodes } {
  const codes = new Map<string, EncodedTensor>();
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      if (weight.name !== 'kernel') return weight;
      const { shape, data } = weight;
      const groups = shape.at(-1)!;
      const tensor: EncodedTensor = {
        codec: 'linear',
        shape,
        bits: 4,
        axis: shape.length - 1,
        codes: Uint8Array.from(data, (value) => Math.max(0, Math.min(14, Math.round(value * 8) + 7))),
        scale: Float32Array.from({ length: groups }, (_, i) => (i + 1) / 64),
        zero: new Float32Array(groups).fill(7),
      };
      codes.set(`${layer.name}/${weight.name}`, tensor);
      return { ...weight, data: decodeTensor(tensor) };
    }),
  }));
  return { graph: { ...graph, layers }, codes };
}

/** A sample that the format writes itself; `scale` makes other weights. */
async function written(format: Format, folder: string, scale = 1): Promise<string> {
  if (!format.write)
    throw new Error('A format that does not write needs a sample: a small file of its own, as "sample".');
  const { graph } = pruneContext();
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.map((value) => value * scale) })),
  }));
  await mkdir(folder);
  return join(folder, await format.write({ ...graph, layers }, folder));
}

function requireEqual(found: LayerGraph, expected: LayerGraph, member: string): void {
  const text = (graph: LayerGraph) =>
    JSON.stringify(graph, (_, value: unknown) =>
      ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
        : value,
    );
  const [right, other] = [text(expected), text(found)];
  const at = [...right].findIndex((letter, i) => letter !== other[i]);
  const around = (all: string) => all.slice(Math.max(0, at - 60), at + 20);
  requireRule(right === other, {
    member,
    expected: `the same network: ... ${around(right)}`,
    found: around(other),
  });
}
