/**
 * Writes the example and MobileNetV2 (random weights) as ONNX files for export-speed.py: float32, and
 * the kernels in 8, 4 and 2 bits, without and with inputs of layers rounded to 8 bits, and with sums rounded
 * too. The ranges are those of noise: they do not matter to the time.
 *
 *   node --conditions=tersor/source --import tsx bench/onnx/write-files.ts <folder>
 */
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { encodeGraph, layersWithKernels, packModel, withEncodedWeights } from '@tersor/compression';
import {
  createRandom,
  type ActivationRange,
  type Dataset,
  type LayerGraph,
  type Quantization,
} from '@tersor/core';
import {
  calibrateActivations,
  disposeModel,
  graphFromModel,
  initializeKernels,
  joiningLayers,
  readNetwork,
  withSharedRanges,
} from '@tersor/network';
import { createNodeBackend } from '../../plugins/backend-node/src/index.js';
import { writeOnnx } from '../../plugins/format-onnx/src/write/write-onnx.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/linear-quantizer.js';

const IMAGES = 8;

function noise(graph: LayerGraph): Dataset {
  const imageShape = graph.calls[graph.inputs[0]!]!.outputShape as [number, number, number];
  const size = imageShape.reduce((product, each) => product * each, 1);
  return {
    id: 'noise',
    imageShape,
    classNames: ['any'],
    padValue: [0, 0, 0],
    size: () => IMAGES,
    read: async (_split, indexes) => {
      const random = createRandom(1, 'noise');
      const images = Float32Array.from({ length: indexes.length * size }, () => random.uniform());
      return { images, labels: new Int32Array(indexes.length) };
    },
  };
}

async function files(name: string, graph: LayerGraph, folder: string): Promise<void> {
  const backend = await createNodeBackend({
    precision: 'float32',
    threads: undefined,
    directories: [process.cwd()],
  });
  await backend.activate();
  const layers = layersWithKernels(graph).map((layer) => layer.name);
  const options = {
    bits: [8, 8] as [number, number],
    calibrate: 'max' as const,
    percentile: 99.9,
    images: IMAGES,
  };
  const ranges = await calibrateActivations({
    graph,
    layers: [...layers, ...joiningLayers(graph)],
    dataset: noise(graph),
    backend,
    seed: 1,
    options,
  });
  const summed = Object.fromEntries(
    Object.entries(ranges).map(([layer, range]) => [
      layer,
      { bits: 8, ...(range as Record<number, ActivationRange>)[8]! },
    ]),
  );
  const activations = Object.fromEntries(layers.map((layer) => [layer, summed[layer]!]));
  const write = async (kind: string, network: LayerGraph, quantization?: Quantization) => {
    await writeOnnx(network, folder, { precision: 'float32', weights: 'searched' }, quantization);
    const path = join(folder, `${name}-${kind}.onnx`);
    renameSync(join(folder, 'model.onnx'), path);
    console.log(path, statSync(path).size);
  };
  await write('float32', graph);
  const quantizer = new LinearQuantizer({ scheme: 'symmetric', granularity: 'channel', scale: 'max' });
  for (const bits of [8, 4, 2]) {
    const codes = encodeGraph(quantizer, graph, Object.fromEntries(layers.map((layer) => [layer, bits])));
    const quantized = withEncodedWeights(graph, codes);
    console.log(`${name} at ${bits} bits: ${packModel(graph, codes).length} bytes as a .tersor file`);
    await write(`${bits}-bits`, quantized, { codes });
    if (bits === 8) {
      await write('integer', quantized, { codes, activations });
      await write('integer-sums', quantized, { codes, activations: withSharedRanges(graph, summed) });
    }
  }
}

async function main([folder]: readonly string[]): Promise<void> {
  if (folder === undefined) throw new Error('Give a folder to write to.');
  mkdirSync(folder, { recursive: true });
  await files(
    'example',
    await readNetwork(join(__dirname, '../../examples/vgg-small/model/model.json')),
    folder,
  );
  // A variable for the path, since the module has no types.
  const path = '../memory/mobilenet-v2-architecture.mjs';
  const { default: mobileNet } = (await import(path)) as { default: (layers: typeof tfl) => tfl.LayersModel };
  const model = mobileNet(tfl);
  const graph = await graphFromModel(model);
  disposeModel(model);
  await files('mobilenet-v2', initializeKernels(graph, 1), folder);
}

void main(process.argv.slice(2));
