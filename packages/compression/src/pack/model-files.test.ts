import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { loadModel } from '@tersor/runtime';
import {
  copyWeights,
  graphFromModel,
  readNetwork,
  withWeights,
  writeModel,
  writeNetwork,
  writingFormat,
} from '@tersor/network';
import { packModel } from './pack-model.js';

describe('writeModel and readNetwork', () => {
  let folder: string;
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'tersor-model-'));
    graph = await graphFromModel(
      tfl.sequential({
        layers: [
          tfl.layers.dense({ units: 2, inputShape: [3] }),
          tfl.layers.dense({ units: 2, activation: 'softmax' }),
        ],
      }),
    );
  });
  afterAll(() => rm(folder, { recursive: true }));
  const saved = async (name: string, network = graph) => {
    await writeModel(network, join(folder, name));
    return join(folder, name, 'model.json');
  };

  it('give the same network back', async () => {
    expect(await readNetwork(await saved('plain'))).toEqual(graph);
  });

  it('replace an older model and add nothing else to the folder', async () => {
    await saved('again');
    const path = await saved(
      'again',
      withWeights(
        graph,
        copyWeights(graph).map((data) => data.fill(1)),
      ),
    );
    expect((await readNetwork(path)).layers[1]!.weights[0]!.data[0]).toBe(1);
    expect((await readdir(folder)).filter((name) => name.startsWith('again'))).toEqual(['again']);
    expect((await readdir(join(folder, 'again'))).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('leave other files of the folder alone', async () => {
    await saved('shared');
    await writeFile(join(folder, 'shared/notes.txt'), 'mine');
    await saved('shared');
    expect((await readdir(join(folder, 'shared'))).sort()).toEqual([
      'model.json',
      'notes.txt',
      'weights.bin',
    ]);
  });

  it('read weights that the manifest stores as float16', async () => {
    const path = await saved(
      'half',
      withWeights(
        graph,
        copyWeights(graph).map((data) => data.fill(0.5)),
      ),
    );
    const json = JSON.parse(await readFile(path, 'utf8'));
    for (const entry of json.weightsManifest[0].weights)
      entry.quantization = { dtype: 'float16', original_dtype: 'float32' };
    await writeFile(path, JSON.stringify(json));
    const count = copyWeights(graph).reduce((sum, { length }) => sum + length, 0);
    await writeFile(join(folder, 'half/weights.bin'), new Uint16Array(count).fill(0x3800));
    expect((await readNetwork(path)).layers[1]!.weights[0]!.data[0]).toBe(0.5);
  });

  it('name the file and the sizes when weights are truncated', async () => {
    const path = await saved('short');
    await truncate(join(folder, 'short/weights.bin'), 10);
    await expect(readNetwork(path)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/weights\.bin hold 10 bytes, but the manifest describes 56/),
    });
  });

  it('name the layer whose weights hold NaN', async () => {
    const weights = copyWeights(graph);
    weights[2]![1] = NaN;
    const path = await saved('nan', withWeights(graph, weights));
    await expect(readNetwork(path)).rejects.toMatchObject({
      code: 'WEIGHTS_NOT_FINITE',
      message: expect.stringContaining(`${graph.layers[2]!.name}/kernel holds NaN at position 1`),
    });
  });

  it.each([
    ['text', 'hello', /not JSON/],
    ['a GraphModel', JSON.stringify({ format: 'graph-model' }), /GraphModel/],
    ['no topology', JSON.stringify({ weightsManifest: [] }), /modelTopology/],
    ['no manifest', JSON.stringify({ modelTopology: {} }), /weightsManifest/],
    [
      'a topology of unknown layers',
      JSON.stringify({
        modelTopology: {
          class_name: 'Sequential',
          config: { layers: [{ class_name: 'Nonsense', config: {} }] },
        },
        weightsManifest: [],
      }),
      /cannot be loaded/,
    ],
  ])('refuse %s', async (_name, text, message) => {
    const path = join(folder, 'bad.json');
    await writeFile(path, text);
    await expect(readNetwork(path)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('keep networks with wrappers: from model.json, from a packed file, and for stock tfjs', async () => {
    const { layers } = tfl;
    const cells = { recurrentInitializer: 'glorotUniform' } as const;
    const block = tfl.sequential({
      name: 'block',
      layers: [
        layers.dense({ name: 'x', units: 3, inputShape: [4] }),
        layers.batchNormalization({ name: 'bn' }),
      ],
    });
    const model = tfl.sequential({
      layers: [
        layers.bidirectional({
          name: 'bi',
          layer: layers.lstm({ units: 2, returnSequences: true, ...cells }),
          mergeMode: 'concat',
          inputShape: [5, 3],
        } as never),
        layers.timeDistributed({ name: 'td', layer: block as never }),
        layers.rnn({
          name: 'stacked',
          cell: layers.stackedRNNCells({
            cells: [layers.simpleRNNCell({ units: 2, ...cells }), layers.gruCell({ units: 2, ...cells })],
          }) as never,
        }),
      ],
    });
    const network = await graphFromModel(model);
    const filled = withWeights(
      network,
      copyWeights(network).map((data, k) => data.map((_, i) => Math.sin(i + 7 * k))),
    );
    const path = await saved('wrappers', filled);
    const packed = join(folder, 'wrappers.tersor');
    await writeFile(packed, packModel(filled, new Map()));
    for (const read of [await readNetwork(path), await readNetwork(packed)])
      expect(copyWeights(read)).toEqual(copyWeights(filled));
    const json = JSON.parse(await readFile(path, 'utf8'));
    const { buffer } = Uint8Array.from(await readFile(join(folder, 'wrappers/weights.bin')));
    const stock = await tfl.loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: buffer,
      }),
    });
    expect(copyWeights(await graphFromModel(stock))).toEqual(copyWeights(filled));
  });

  it('keep what the user stored with the model, in every file that is written from it', async () => {
    const path = await saved('noted');
    const metadata = {
      userDefinedMetadata: { labels: ['a', 'b'], mean: 0.5 },
      signature: { inputs: { image: { name: 'x' } } },
      convertedBy: 'TensorFlow.js Converter v4.22.0',
    };
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...metadata }));
    const read = await readNetwork(path);
    expect(read.metadata).toEqual(metadata);
    const copy = await saved('copied', withWeights(read, copyWeights(read)));
    expect(JSON.parse(await readFile(copy, 'utf8'))).toMatchObject(metadata);
    await writeNetwork(
      read,
      join(folder, 'small'),
      await writingFormat('layers-model', { kernels: 'uint8' }),
    );
    expect(JSON.parse(await readFile(join(folder, 'small/model.json'), 'utf8'))).toMatchObject(metadata);
    await writeFile(join(folder, 'packed.tersor'), packModel(read, new Map()));
    const { convertedBy: _converter, ...own } = metadata;
    expect((await readNetwork(join(folder, 'packed.tersor'))).metadata).toEqual(own);
    const model = await loadModel(packModel(read, new Map()));
    expect(model.getUserDefinedMetadata()).toEqual(metadata.userDefinedMetadata);
    model.dispose();
  });

  it('say when there is no model', async () => {
    await expect(readNetwork(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('say when the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeModel(graph, join(folder, 'file/model'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
    });
  });
});
