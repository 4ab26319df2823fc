import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerGraph, Quantization } from '@tersor/core';
import { disposeModel, graphFromModel, withRoundedActivations } from '@tersor/network';
import { describeContract, formatContract } from '@tersor/testing';
import { createOnnxFormat } from '../index.js';
import { quantized } from '../../test/quantize.js';
import { drawWeights, expectSameFunction } from '../../test/same-outputs.js';
import { NETWORKS } from '../../test/small-networks.js';

beforeAll(() => tf.setBackend('cpu'));

describeContract('ONNX files', formatContract(createOnnxFormat));
describeContract(
  'ONNX files in float16',
  formatContract(() => createOnnxFormat({ precision: 'float16' })),
);

/** Volumes are written, but not read. */
const READ = Object.entries(NETWORKS).filter(([name]) => !name.includes('3D'));

test.each(READ)('%s: is read again as a network that computes the same', async (_name, make) => {
  const model = make();
  const graph = drawWeights(await graphFromModel(model));
  disposeModel(model);
  await expectSameFunction(await readAgain(graph), graph, 1e-4);
});

test.each([2, 4, 8])('codes of %i bits are read as the values that they stand for', async (bits) => {
  const { graph, codes } = quantized(await dense(), bits);
  const kernels = ({ layers }: LayerGraph) =>
    layers.flatMap(({ weights }) =>
      weights.filter(({ name }) => name.endsWith('kernel')).map(({ data }) => data),
    );
  expect(kernels(await readAgain(graph, { codes }))).toEqual(kernels(graph));
});

it('reads rounded activations as layers that round', async () => {
  const { graph, codes } = quantized(await dense(), 8);
  const activations = Object.fromEntries(
    graph.layers
      .filter(({ weights }) => weights.length > 0)
      .map(({ name }) => [name, { bits: 8, least: -1, most: 3 }] as const),
  );
  const read = await readAgain(graph, { codes, activations });
  await expectSameFunction(read, withRoundedActivations(graph, activations), 1e-4);
});

async function dense(): Promise<LayerGraph> {
  const model = NETWORKS['Flatten and Dense']!();
  const graph = drawWeights(await graphFromModel(model));
  disposeModel(model);
  return graph;
}

async function readAgain(graph: LayerGraph, quantization?: Quantization): Promise<LayerGraph> {
  const format = createOnnxFormat();
  const folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-'));
  try {
    return await format.read(join(folder, await format.write!(graph, folder, quantization)));
  } finally {
    await rm(folder, { recursive: true });
  }
}
