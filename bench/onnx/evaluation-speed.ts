/**
 * What an episode's evaluation costs on onnxruntime-node and on the `node` backend: getting a candidate
 * ready and running images on it.
 * onnxruntime has the weights as initializers of a session of its own, or as inputs of one session for
 * all candidates.
 *
 *   node --conditions=tersor/source --import tsx \
 *     bench/onnx/evaluation-speed.ts <folder of node_modules with onnxruntime-node>
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createRandom, type LayerGraph } from '@tersor/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { disposeModel, graphFromModel, initializeKernels, readNetwork } from '@tersor/network';
import { ModelProtoSchema, TypeProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import type * as Runtime from 'onnxruntime-common';
import { createNodeBackend } from '../../plugins/backend-node/src/index.js';
import { writeOnnx } from '../../plugins/format-onnx/src/write/write-onnx.js';
import { median } from '../median.js';

const ROUNDS = 3;
const IMAGES = [100, 300];
const NETWORKS: Readonly<Record<string, () => Promise<LayerGraph>>> = {
  'vgg-small': () => readNetwork('examples/vgg-small/model/model.json'),
  resnet20: () => readNetwork('examples/resnet20/model/model.json'),
  'vgg-19': vgg19,
};

/**
 * Seconds of all threads of this process, in the milliseconds of a call; other processes may run beside
 * it.
 */
async function processorTime(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The file with its initializers as inputs of any shape, and these as tensors. */
function withWeightsAsInputs(bytes: Uint8Array, { Tensor }: typeof Runtime) {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const weights = Object.fromEntries(
    graph.initializer.map(({ name, dims, rawData }) => {
      const data = new Float32Array(Uint8Array.from(rawData).buffer);
      return [name, new Tensor('float32', data, dims.map(Number))];
    }),
  );
  for (const { name, dims } of graph.initializer) {
    const dim = dims.map((_, i) => ({ value: { case: 'dimParam' as const, value: `${name}_${i}` } }));
    const type = create(TypeProtoSchema, {
      value: { case: 'tensorType', value: { elemType: 1, shape: { dim } } },
    });
    graph.input.push(create(ValueInfoProtoSchema, { name, type }));
  }
  graph.initializer = [];
  return { bytes: toBinary(ModelProtoSchema, model), weights };
}

/** The paper's network for CIFAR-10, with random weights: 398 million multiply-adds. */
async function vgg19(): Promise<LayerGraph> {
  const model = tfl.sequential();
  [2, 2, 4, 4, 4].forEach((count, block) => {
    const filters = Math.min(512, 64 * 2 ** block);
    for (let i = 0; i < count; i++) {
      const inputShape = block + i === 0 ? { inputShape: [32, 32, 3] } : {};
      model.add(
        tfl.layers.conv2d({
          ...inputShape,
          filters,
          kernelSize: 3,
          padding: 'same',
          kernelInitializer: 'zeros',
        }),
      );
      model.add(tfl.layers.batchNormalization());
      model.add(tfl.layers.reLU());
    }
    model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  });
  model.add(tfl.layers.flatten());
  model.add(tfl.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: 'zeros' }));
  const graph = await graphFromModel(model);
  disposeModel(model);
  return initializeKernels(graph, 1);
}

async function measure(name: string, graph: LayerGraph, runtime: typeof Runtime) {
  const backend = await createNodeBackend({ precision: 'float32', threads: 1, directories: [process.cwd()] });
  await backend.activate();
  const folder = mkdtempSync(join(tmpdir(), 'tersor-evaluation-'));
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const bytesOf = async () =>
    readFileSync(join(folder, await writeOnnx(graph, folder, { precision: 'float32', weights: 'float' })));
  const input = graph.calls[graph.inputs[0]!]!.layer;
  const [height, width, channels] = graph.calls[graph.inputs[0]!]!.outputShape as [number, number, number];
  const { bytes } = withWeightsAsInputs(await bytesOf(), runtime);
  const shared = await runtime.InferenceSession.create(bytes, options);
  const rows: Record<string, number | string>[] = [];
  for (const images of name === 'vgg-19' ? IMAGES.slice(0, 1) : IMAGES) {
    const random = createRandom(1, 'images');
    const pixels = Float32Array.from({ length: images * height * width * channels }, () => random.uniform());
    const feed = { [input]: new runtime.Tensor('float32', pixels, [images, channels, height, width]) };
    const ways: Record<string, () => Promise<void>> = {
      node: async () => {
        const session = await backend.compile(graph);
        await session.run(pixels);
        session.dispose();
      },
      'node, bfloat16': async () => {
        const session = await backend.compile(graph, { precision: 'bfloat16' });
        await session.run(pixels);
        session.dispose();
      },
      'onnxruntime, initializers': async () => {
        const session = await runtime.InferenceSession.create(new Uint8Array(await bytesOf()), options);
        await session.run(feed);
        await session.release();
      },
      'onnxruntime, weights as inputs': async () => {
        const { weights } = withWeightsAsInputs(await bytesOf(), runtime);
        await shared.run({ ...feed, ...weights });
      },
    };
    const times = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
    for (let round = -1; round < ROUNDS; round++)
      for (const [way, run] of Object.entries(ways)) {
        const took = await processorTime(run);
        if (round >= 0) times.get(way)!.push(took);
      }
    const base = median(times.get('node')!);
    for (const [way, each] of times) {
      const ms = median(each);
      rows.push({
        network: name,
        images,
        way,
        ms: Math.round(ms),
        timesAsFast: Math.round((100 * base) / ms) / 100,
      });
      console.log(rows.at(-1));
    }
  }
  await shared.release();
  return rows;
}

async function main([modules]: readonly string[]): Promise<void> {
  if (modules === undefined) throw new Error('Give the folder of node_modules that has onnxruntime-node.');
  const require = createRequire(join(resolve(modules), 'package.json'));
  const runtime = require('onnxruntime-node') as typeof Runtime;
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  const rows: Record<string, number | string>[] = [];
  for (const [name, make] of Object.entries(NETWORKS))
    rows.push(...(await measure(name, await make(), runtime)));
  const report = {
    processor: cpus()[0]!.model,
    node: process.version,
    onnxruntime: version,
    threads: 1,
    rounds: ROUNDS,
    rows,
  };
  writeFileSync(join(__dirname, 'evaluation-speed.json'), `${JSON.stringify(report, undefined, 2)}\n`);
}

void main(process.argv.slice(2));
