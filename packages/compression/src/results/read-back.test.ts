import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend, LayerGraph } from '@tersor/core';
import * as topologies from '../../../network/test/topologies.js';
import {
  compileFused,
  writeModel,
  requireModelFile,
  requirePackedFile,
  requireWritable,
  witness,
  witnessOfNoise,
  writeNetwork,
  writingFormat,
  type Witness,
} from '@tersor/network';
import { packModel } from '../pack/pack-model.js';

/** Sessions of a network, or of what `change` makes of it: a backend that computes something else. */
const backendOf = (change: (graph: LayerGraph) => LayerGraph = (graph) => graph) =>
  ({ id: 'test', compile: (graph: LayerGraph) => compileFused(change(graph)) }) as Backend;

const withConfig = (graph: LayerGraph, name: string, config: Record<string, unknown>): LayerGraph => ({
  ...graph,
  layers: graph.layers.map((layer) =>
    layer.name === name ? { ...layer, config: { ...layer.config, ...config } } : layer,
  ),
});

describe('what was written', () => {
  let folder: string;
  let graph: LayerGraph;
  let expected: Witness;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'tersor-read-back-'));
    graph = await topologies.vgg();
    const images = tf.randomNormal([4, 8, 8, 3], 0, 1, 'float32', 5);
    expected = await witness(graph, backendOf(), (await images.data()) as Float32Array);
    images.dispose();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const modelAt = (name: string) => ({ path: join(folder, name, 'model.json'), name: `${name}/model.json` });

  it('passes where it is the network that was evaluated, and leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    await writeModel(graph, join(folder, 'good'), (file) => requireModelFile(file, expected));
    await writeFile(join(folder, 'good.tersor'), packModel(graph, new Map()));
    await requirePackedFile({ path: join(folder, 'good.tersor'), name: 'good.tersor' }, expected);
    await requireWritable(expected, 'good');
    await writeNetwork(
      graph,
      join(folder, 'good-8'),
      await writingFormat('layers-model', { kernels: 'uint8' }),
      {
        witness: (stored) => witnessOfNoise(stored, backendOf()),
      },
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused where a weight is another one, with file, layer, and both values', async () => {
    await writeModel(graph, join(folder, 'weight'));
    const file = join(folder, 'weight/weights.bin');
    const bytes = await readFile(file);
    const { data } = graph.layers.find(({ name }) => name === 'conv1_1')!.weights[0]!;
    bytes.writeFloatLE(7.5, 4 * 3);
    await writeFile(file, bytes);
    await expect(requireModelFile(modelAt('weight'), expected)).rejects.toMatchObject({
      code: 'READ_BACK_FAILED',
      message: `weight/model.json has 7.5 at position 3 of kernel of the layer "conv1_1", not ${data[3]}.`,
    });
  });

  it('is refused where a layer is another one, with the first layer that differs', async () => {
    const before = tf.memory().numTensors;
    const other = withConfig(graph, 'conv2_1', { activation: 'tanh' });
    await writeModel(other, join(folder, 'layer'));
    await writeFile(join(folder, 'layer.tersor'), packModel(other, new Map()));
    await expect(requireModelFile(modelAt('layer'), expected)).rejects.toMatchObject({
      code: 'READ_BACK_FAILED',
      message: expect.stringMatching(
        /^layer\/model\.json gives other outputs .* from the layer "conv2_1" on: .* instead of /,
      ),
    });
    await expect(
      requirePackedFile({ path: join(folder, 'layer.tersor'), name: 'layer.tersor' }, expected),
    ).rejects.toMatchObject({
      code: 'READ_BACK_FAILED',
      message: expect.stringMatching(/^layer\.tersor .*"conv2_1"/),
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused where the evaluated network computes a layer in another way, naming that layer, before anything is written', async () => {
    const odd = backendOf((given) => withConfig(given, 'conv2_1', { activation: 'tanh' }));
    const wrong = await witness(graph, odd, expected.ran!.images);
    await expect(requireWritable(wrong, 'm/model.json')).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(
        /read of m\/model\.json gives other outputs than the evaluated network, from the layer "conv2_1" on: [\d.e-]+ instead of [\d.e-]+/,
      ),
    });
    await expect(
      writeModel(graph, join(folder, 'none'), (file) => requireModelFile(file, wrong)),
    ).rejects.toMatchObject({ code: 'READ_BACK_FAILED', message: expect.stringContaining('"conv2_1"') });
    await expect(readFile(join(folder, 'none/model.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps an older model where the new one is refused', async () => {
    await writeModel(graph, join(folder, 'old'));
    const before = await readFile(modelAt('old').path);
    const wrong = await witness(
      graph,
      backendOf((given) => withConfig(given, 'fc1', { activation: 'tanh' })),
      expected.ran!.images,
    );
    await expect(
      writeModel(graph, join(folder, 'old'), (file) => requireModelFile(file, wrong)),
    ).rejects.toMatchObject({ code: 'READ_BACK_FAILED' });
    expect(await readFile(modelAt('old').path)).toEqual(before);
  });

  it('is refused where it cannot be read at all, with the reason', async () => {
    await writeModel(graph, join(folder, 'broken'));
    const json = JSON.parse(await readFile(modelAt('broken').path, 'utf8')) as {
      weightsManifest: { weights: { name: string }[] }[];
    };
    json.weightsManifest[0]!.weights[0]!.name = 'someone/else';
    await writeFile(modelAt('broken').path, JSON.stringify(json));
    await expect(requireModelFile(modelAt('broken'), expected)).rejects.toMatchObject({
      code: 'READ_BACK_FAILED',
      message: expect.stringMatching(/^broken\/model\.json cannot be loaded: .*someone\/else/),
    });
  });

  it('takes what rounding makes of outputs, and no more', async () => {
    const off = (share: number) => ({
      ...expected,
      ran: { ...expected.ran!, outputs: expected.ran!.outputs.map((value) => value * (1 + share)) },
    });
    await requireWritable(off(1e-4), 'm');
    await expect(requireWritable(off(3e-3), 'm')).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  });
});
