import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { compress, layersWithKernels, prepareCalibration } from '@tersor/compression';
import { readNetwork, writeModel } from '@tersor/network';
import { ChannelPruner } from '@tersor/pruner-channel';
import { LinearQuantizer } from '@tersor/quantizer-linear';
import { backendContract, check, correctBackend, pruneContext } from '@tersor/testing';
import { compressConfigSchema, definePlugin, type LayerGraph } from '@tersor/core';
import { z } from 'zod';

const CALIBRATE = { images: 20, points: 4, maximumInputs: 32 };
/** How far weights may be apart that two backends have computed. */
const TOLERANCE = 1e-4;

/** Networks in plain loops, without tfjs and without products of matrices. */
const plain = definePlugin({
  name: 'plain',
  kind: 'backend',
  id: 'plain',
  core: '>=0.1.0 <1.0.0',
  description: 'runs networks in plain loops',
  options: z.strictObject({}),
  create: () => ({ ...correctBackend(), id: 'plain' }),
});

const noise = definePlugin({
  name: 'noise',
  kind: 'dataset',
  id: 'noise',
  core: '>=0.1.0 <1.0.0',
  description: 'images of noise',
  options: z.strictObject({}),
  create: () => pruneContext().dataset,
});

describe('a backend that has no kernels of tfjs', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-plain-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps the contract', async () => {
    const cases = backendContract(correctBackend).filter(({ name }) => !/gradients|training/.test(name));
    expect(await check(cases)).toEqual([]);
    expect(correctBackend().crossProducts).toBeUndefined();
  });

  it('ranks, refits, re-estimates and calibrates without one of tfjs being active', async () => {
    const { graph, groups, dataset, backend } = pruneContext();
    const pruner = new ChannelPruner({
      criterion: 'reconstruction',
      weights: 'equal',
      probeImages: 100,
      reconstruct: 'least-squares',
      images: 20,
      points: 4,
      maximumInputs: 1152,
      ridge: 1e-3,
      batchNormImages: 20,
    });
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    const plan = groups.map((group) => pruner.plan(group, { channels: 3 }));
    const adapted = await pruner.adapt(pruner.apply(graph, plan), plan);
    expect(channelsOf(adapted, 'norm')).toBe(3);
    const layers = layersWithKernels(adapted).map(({ name }) => name);
    const quantizer = new LinearQuantizer({
      scheme: 'symmetric',
      granularity: 'channel',
      scale: 'mse',
      calibrate: CALIBRATE,
    });
    const calibration = await prepareCalibration({
      graph: adapted,
      layers,
      quantizer,
      dataset,
      backend,
      seed: 1,
    });
    const weights = Object.fromEntries(layers.map((layer) => [layer, 4]));
    const { encoded } = await calibration!.finish({ weights }, Infinity);
    expect(encoded.size).toBe(4);
    expect(tf.engine().backendName).toBeFalsy();
  });

  it('finds the policy that the cpu backend finds in a whole search, and weights as close as rounding allows', async () => {
    await writeModel(pruneContext().graph, join(folder, 'model'));
    for (const backend of ['plain', 'cpu']) await search(backend);
    // Ranges of activations are measured: the two add up in another order.
    const policyOf = async (backend: string) =>
      JSON.parse(await readFile(join(folder, backend, 'policy.json'), 'utf8'), (_, value: unknown) =>
        typeof value === 'number' ? Number(value.toPrecision(5)) : value,
      ) as unknown;
    expect(await policyOf('plain')).toEqual(await policyOf('cpu'));
    const [found, expected] = [
      await readNetwork(join(folder, 'plain/pruned/model.json')),
      await readNetwork(join(folder, 'cpu/pruned/model.json')),
    ];
    expect(expected.layers.flatMap(({ weights }) => weights).length).toBeGreaterThan(8);
    expect(farthest(found, expected)).toBeLessThan(TOLERANCE);
  });

  /** Stages 1 and 2, all that they calibrate switched on. */
  const search = async (backend: string) =>
    compress({
      config: compressConfigSchema.parse({
        model: 'model/model.json',
        dataset: 'noise',
        backend,
        seed: 3,
        prune: {
          agent: 'random',
          search: { episodes: 3, warmStart: ['uniform', 'reconstruction'] },
          pruner: { use: 'channel', criterion: 'reconstruction', images: 20, batchNormImages: 20 },
          budget: { macs: 0.6 },
          finetune: { epochs: 0, learningRate: 0.01, batchSize: 16 },
        },
        quantize: {
          agent: 'random',
          search: { episodes: 3 },
          quantizer: { use: 'linear', calibrate: CALIBRATE },
          activations: { bits: 8, images: 20 },
          budget: { bytes: 0.5 },
          finetune: { epochs: 0, learningRate: 0.01, batchSize: 16 },
        },
        output: join(folder, backend),
      }),
      directory: folder,
      output: join(folder, backend),
      plugins: [plain, noise],
      searchFrom: [__dirname],
    });
});

function channelsOf(graph: LayerGraph, layer: string): number {
  return graph.layers.find(({ name }) => name === layer)!.weights[0]!.data.length;
}

/** The largest difference of two weights. */
function farthest(one: LayerGraph, other: LayerGraph): number {
  const values = (graph: LayerGraph) =>
    graph.layers.flatMap(({ weights }) => weights.flatMap(({ data }) => [...data]));
  const expected = values(other);
  return values(one).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}
