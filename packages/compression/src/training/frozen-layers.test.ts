import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Backend, Dataset, LayerGraph } from '@tersor/core';
import {
  isFrozen,
  compileGradients,
  copyWeights,
  weightSlots,
  initializeKernels,
  readNetwork,
  writeModel,
  graphFromModel,
} from '@tersor/network';
import { train, type TrainOptions } from './train.js';

const { layers } = tfl;
const options: TrainOptions = {
  epochs: 2,
  learningRate: 0.1,
  schedule: 'constant',
  batchSize: 8,
  momentum: 0.9,
  weightDecay: 0.01,
  scalePenalty: 0.01,
  labelSmoothing: 0,
  distill: 0,
  temperature: 4,
  augmentation: { flip: false, shift: 0 },
};
const backend = { compileTraining: compileGradients } as unknown as Backend;
const dataset: Dataset = {
  id: 'waves',
  imageShape: [4, 4, 2],
  classNames: ['a', 'b'],
  padValue: [0, 0],
  size: () => 16,
  read: async (_split, indexes) => ({
    images: Float32Array.from({ length: indexes.length * 32 }, (_, i) => 3 + Math.sin(i * (1 + indexes[0]!))),
    labels: Int32Array.from(indexes, (index) => index % 2),
  }),
};

const backbone = (): tfl.Sequential =>
  tfl.sequential({
    name: 'backbone',
    layers: [
      layers.conv2d({ name: 'conv', filters: 3, kernelSize: 3, inputShape: [4, 4, 2] }),
      layers.batchNormalization({ name: 'norm' }),
    ],
  });
const head = () => [layers.flatten({ name: 'flat' }), layers.dense({ name: 'head', units: 2 })];

/** Largest change of a weight of each layer in a short training, weight decay and penalties included. */
async function changes(
  graph: LayerGraph,
  project?: (master: readonly Float32Array[]) => Float32Array[],
): Promise<Record<string, number>> {
  const { graph: trained } = await train({
    graph,
    backend,
    dataset,
    options,
    seed: 1,
    ...(project && { project }),
  });
  const after = copyWeights(trained);
  const largest: Record<string, number> = {};
  weightSlots(graph).forEach(({ layer, weight }, i) => {
    const change = Math.max(...weight.data.map((value, k) => Math.abs(value - after[i]![k]!)));
    largest[layer.name] = Math.max(largest[layer.name] ?? 0, change);
  });
  return largest;
}

describe('a frozen layer', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each<[string, (model: tfl.Sequential) => void]>([
    ['each layer by itself', (model) => model.layers.forEach((layer) => (layer.trainable = false))],
    ['the model around it', (model) => (model.trainable = false)],
  ])('keeps its weights and statistics in a training: %s is frozen', async (_, freeze) => {
    const inner = backbone();
    freeze(inner);
    const nested = await graphFromModel(tfl.sequential({ layers: [inner, ...head()] }));
    expect(nested.layers.filter(isFrozen).map(({ name }) => name)).toEqual([
      'backbone/conv',
      'backbone/norm',
    ]);
    expect(await changes(nested)).toEqual({
      'backbone/conv': 0,
      'backbone/norm': 0,
      head: expect.any(Number),
    });
    expect((await changes(nested))['head']).toBeGreaterThan(0.01);
  });

  it('keeps them when its model was frozen and its layers then used in another model', async () => {
    const inner = backbone();
    inner.trainable = false;
    const output = head().reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, inner.outputs[0]!);
    expect(
      await changes(await graphFromModel(tfl.model({ inputs: inner.inputs, outputs: output }))),
    ).toMatchObject({ conv: 0, norm: 0 });
  });

  it('keeps them in quantization-aware training, which runs at other weights', async () => {
    const inner = backbone();
    inner.trainable = false;
    const graph = await graphFromModel(tfl.sequential({ layers: [inner, ...head()] }));
    const rounded = (master: readonly Float32Array[]) =>
      master.map((data) => data.map((value) => Math.round(value * 4) / 4));
    expect(await changes(graph, rounded)).toMatchObject({ 'backbone/conv': 0, 'backbone/norm': 0 });
  });

  it('normalizes by its moving statistics, as at inference', async () => {
    const norm = layers.batchNormalization({ name: 'norm', inputShape: [1], trainable: false });
    const dense = layers.dense({ units: 2, useBias: false, kernelInitializer: 'ones' });
    const graph = await graphFromModel(tfl.sequential({ layers: [norm, dense] }));
    const session = await compileGradients(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
    // With the batch's statistics the input would be 0, and so would the gradient be.
    const { updates } = await session.step(copyWeights(graph), {
      images: Float32Array.of(3, 3),
      labels: Int32Array.of(0, 0),
      seed: 1,
    });
    expect(updates.at(-1)![0]).toBeCloseTo((-0.5 * 3) / Math.sqrt(1.001), 4);
    session.dispose();
  });

  it('keeps its kernels when those of others are drawn', async () => {
    const inner = backbone();
    inner.trainable = false;
    const graph = await graphFromModel(tfl.sequential({ layers: [inner, ...head()] }));
    const drawn = initializeKernels(graph, 1);
    expect(copyWeights(drawn)[0]).toEqual(copyWeights(graph)[0]);
    expect(copyWeights(drawn).at(-2)).not.toEqual(copyWeights(graph).at(-2));
  });

  it('is one in the file that is written, and in a file of Keras whose nested model alone is frozen', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tersor-frozen-'));
    const model = tfl.sequential({ layers: [backbone(), ...head()] });
    await writeModel(await graphFromModel(model), folder);
    const path = join(folder, 'model.json');
    const file = JSON.parse(await readFile(path, 'utf8')) as { modelTopology: unknown };
    const topology = model.toJSON(undefined, false) as unknown as {
      config: { layers: { config: Record<string, unknown> }[] };
    };
    topology.config.layers[0]!.config['trainable'] = false;
    // Keras nests the weights' names too; tfjs finds them by the last parts.
    await writeFile(path, JSON.stringify({ ...file, modelTopology: topology }).replaceAll('"backbone/', '"'));
    const read = await readNetwork(path);
    expect(read.layers.filter(isFrozen).map(({ name }) => name)).toEqual(['backbone/conv', 'backbone/norm']);
    await writeModel(read, folder);
    expect((await readNetwork(path)).layers.filter(isFrozen).map(({ name }) => name)).toEqual([
      'backbone/conv',
      'backbone/norm',
    ]);
    await rm(folder, { recursive: true });
  });
});
