import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { compress, createEvaluator, layersWithKernels, prepareCalibration } from '@tersor/compression';
import { readNetwork, writeModel } from '@tersor/network';
import { ChannelPruner } from '@tersor/pruner-channel';
import { LinearQuantizer } from '@tersor/quantizer-linear';
import { backendContract, check, pruneContext } from '@tersor/testing';
import { compressConfigSchema, type Backend, type LayerGraph } from '@tersor/core';
import { tersor } from './tersor.js';

const CALIBRATE = { images: 20, points: 4, maximumInputs: 32 };
/** How far weights may be apart that two backends have computed. */
const TOLERANCE = 1e-4;

/** Networks in plain loops, without tfjs, gradients and products of matrices: a plugin in a file. */
const PLAIN = join(__dirname, 'own-backend.cjs');
const { create } = jest.requireActual<{ readonly create: () => Backend }>(PLAIN);

const NOISE = join(__dirname, 'noise.cjs');

describe('a backend that has no kernels of tfjs', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-plain-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps the contract', async () => {
    expect(await check(backendContract(create))).toEqual([]);
    expect(create()).toMatchObject({ capabilities: { training: false } });
    expect(create().crossProducts).toBeUndefined();
  });

  it('ranks, refits, re-estimates and calibrates without one of tfjs being active', async () => {
    const { graph, groups, dataset } = pruneContext();
    const backend = create();
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
    const evaluator = await createEvaluator({ backend, dataset, split: 'validation' });
    expect(await evaluator.accuracy(adapted)).toBeGreaterThanOrEqual(0);
    expect(tf.engine().backendName).toBeFalsy();
  });

  it('evaluates a network from the command line, by the path of its file, as the cpu backend does', async () => {
    await writeModel(pruneContext().graph, join(folder, 'evaluated'));
    const resultOn = async (backend: string) => {
      const { code, out, err } = await tersor(
        ...['eval', join(folder, 'evaluated/model.json'), '--dataset', NOISE, '--split', 'validation'],
        ...['--backend', backend, '--json'],
      );
      expect([code, err]).toEqual([0, '']);
      return JSON.parse(out) as { readonly accuracy: number };
    };
    expect(await resultOn(PLAIN)).toEqual({ ...(await resultOn('cpu')), backend: 'plain' });
  });

  it('finds the policy that the cpu backend finds in a whole search, and weights as close as rounding allows', async () => {
    await writeModel(pruneContext().graph, join(folder, 'model'));
    for (const backend of ['plain', 'cpu']) await search(backend, backend === 'plain' ? PLAIN : backend);
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
  const search = async (name: string, backend: string) =>
    compress({
      config: compressConfigSchema.parse({
        model: 'model/model.json',
        dataset: NOISE,
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
        output: join(folder, name),
      }),
      directory: folder,
      output: join(folder, name),
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
